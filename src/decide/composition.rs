//! Which guide or discipline owns each concern that a decision touches. references/composition_map.md
//! is generated from this table and compared in a test.

use super::criteria::OVERBUILT_TEAM;
use super::evaluate::Pick;
use super::input::{Answers, Input};
use crate::diagnostic::guides;

/// A concern and who owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub concern: &'static str,
    /// As the field's skill collections call it.
    pub owner: &'static str,
    /// The section that says how, as `backsmith explain` takes it.
    pub guide: &'static str,
    /// What of it backsmith does itself: the command, and in words.
    pub command: &'static str,
    pub does: &'static str,
    /// When a decision touches it, for people.
    pub when: &'static str,
}

/// The command of a concern that backsmith leaves to its owner.
const NONE: &str = "-";

#[rustfmt::skip]
pub const ROUTES: [Route; 10] = [
    Route { concern: "contract and breaking changes", owner: "api-design-reviewer", guide: "api/breaking-changes", command: "backsmith scaffold openapi.yaml --check", does: "holds code and document together, types every answer", when: "a profile is recommended" },
    Route { concern: "schema and ERD", owner: "database-designer", guide: "database/column-types", command: "backsmith migrate --analyze", does: "finds missing keys and indexes, wrong types, N+1", when: "a profile is recommended" },
    Route { concern: "zero-downtime migration", owner: "migration-architect", guide: "database/online-migrations", command: "backsmith migrate --migrate FILE --dry-run", does: "measures locks, rewrites and scans; writes ways back", when: "a profile is recommended" },
    Route { concern: "SLO and error budget", owner: "slo-architect", guide: "api/objectives", command: "backsmith loadtest URL --slo decision.json", does: "holds a run to the floor of the decision", when: "a profile is recommended" },
    Route { concern: "observability", owner: "observability-designer", guide: "api/observability", command: NONE, does: "request ids and one line a request in generated projects", when: "services are deployed on their own, calls are not all synchronous, or load is at 1,000 QPS or more" },
    Route { concern: "CI/CD", owner: "ci-cd-pipeline-builder", guide: "api/delivery", command: NONE, does: "exit codes, SARIF, JUnit and annotations for a pipeline", when: "services are deployed on their own" },
    Route { concern: "security and threat model", owner: "senior-security", guide: "security/threat-model", command: NONE, does: "safe defaults in generated projects; checks headers, limits and error bodies under load", when: "the data is more than public" },
    Route { concern: "compliance evidence", owner: "compliance", guide: "security/evidence", command: NONE, does: "decision records that wait for approval, histories with checksums", when: "the data is phi, pci or regulated" },
    Route { concern: "pre-commit review", owner: "code review", guide: "api/review", command: "backsmith scaffold openapi.yaml --check", does: "fails where generated code is stale", when: "more than 5 people work on it" },
    Route { concern: "architecture grill", owner: "grill", guide: "api/boundaries", command: "backsmith decide --explain", does: "asks what is missing, shows every point", when: "nothing is recommended, or the SLO is not known" },
];

/// The routes that a result touches, in the order of the map.
pub fn routes(answers: &Answers, pick: &Pick, complete: bool) -> Vec<Route> {
    let recommended = matches!(pick, Pick::Recommended(_));
    let pattern = answers.choice(Input::Pattern);
    let services = matches!(
        pattern,
        Some("domain-bounded-services" | "microservices" | "serverless")
    );
    let data = answers.choice(Input::DataSensitivity);
    let asynchronous = matches!(
        answers.choice(Input::SyncModel),
        Some("async" | "event-driven")
    );
    let load = answers.number(Input::QpsP99).unwrap_or_default();
    let team = answers.number(Input::TeamSize).unwrap_or_default();
    let touched = [
        recommended,
        recommended,
        recommended,
        recommended,
        services || asynchronous || load >= 1_000.0,
        services,
        matches!(data, Some("internal" | "pii" | "phi" | "pci" | "regulated")),
        matches!(data, Some("phi" | "pci" | "regulated")),
        recommended && team > OVERBUILT_TEAM,
        !recommended || !complete,
    ];
    let chosen = ROUTES.into_iter().zip(touched);
    chosen
        .filter(|(_, touched)| *touched)
        .map(|(route, _)| route)
        .collect()
}

/// The map as a page.
pub fn page() -> String {
    let mut page = String::from(
        "# Composition map\n\n\
         A decision about a backend's shape touches concerns that others own. `backsmith decide` names the\n\
         owner of each concern that a result touches (`routing` in the JSON), and the section of the guides\n\
         that says how. The owners are called as the field's skill collections call them; a concern without\n\
         a command is theirs alone. The page is generated from src/decide/composition.rs.\n\n\
         | concern | owner | touched when | command | what backsmith does of it | guide |\n\
         |---|---|---|---|---|---|\n",
    );
    for route in ROUTES {
        let command = match route.command {
            NONE => NONE.to_owned(),
            command => format!("`{command}`"),
        };
        let guide = match guides::section(route.guide) {
            Some(section) => {
                let target = section.page.trim_start_matches("references/");
                format!("[{}]({target})", route.guide)
            }
            None => route.guide.to_owned(),
        };
        page.push_str(&format!(
            "| {} | {} | {} | {command} | {} | {guide} |\n",
            route.concern, route.owner, route.when, route.does
        ));
    }
    page
}
