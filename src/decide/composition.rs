//! Which guide or discipline owns each concern that a decision touches. references/composition_map.md
//! is generated from this table and compared in a test.

use super::criteria::OVERBUILT_TEAM;
use super::evaluate::Pick;
use super::input::{Answers, Input};

/// A concern and who owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub concern: &'static str,
    /// As the field's skill collections call it.
    pub owner: &'static str,
    /// What of it backsmith does itself.
    pub command: &'static str,
    /// When a decision touches it, for people.
    pub when: &'static str,
}

#[rustfmt::skip]
const ROUTES: [Route; 10] = [
    Route { concern: "contract and breaking changes", owner: "api-design-reviewer", command: "backsmith scaffold", when: "a profile is recommended" },
    Route { concern: "schema and ERD", owner: "database-designer", command: "backsmith migrate --analyze", when: "a profile is recommended" },
    Route { concern: "zero-downtime migration", owner: "migration-architect", command: "backsmith migrate --migrate --dry-run", when: "a profile is recommended" },
    Route { concern: "SLO and error budget", owner: "slo-architect", command: "backsmith loadtest", when: "a profile is recommended" },
    Route { concern: "observability", owner: "observability-designer", command: "-", when: "services are deployed on their own, calls are not all synchronous, or load is at 1,000 QPS or more" },
    Route { concern: "CI/CD", owner: "ci-cd-pipeline-builder", command: "-", when: "services are deployed on their own" },
    Route { concern: "security and threat model", owner: "senior-security", command: "-", when: "the data is more than public" },
    Route { concern: "compliance evidence", owner: "compliance", command: "-", when: "the data is phi, pci or regulated" },
    Route { concern: "pre-commit review", owner: "code review", command: "backsmith scaffold --check", when: "more than 5 people work on it" },
    Route { concern: "architecture grill", owner: "grill", command: "backsmith decide --explain", when: "nothing is recommended, or the SLO is not known" },
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
         owner of each concern that a result touches (`routing` in the JSON); the owners are called as the\n\
         field's skill collections call them. The page is generated from src/decide/composition.rs.\n\n\
         | concern | owner | touched when | what backsmith does of it |\n|---|---|---|---|\n",
    );
    for Route {
        concern,
        owner,
        command,
        when,
    } in ROUTES
    {
        let command = if command == "-" {
            "-".to_owned()
        } else {
            format!("`{command}`")
        };
        page.push_str(&format!("| {concern} | {owner} | {when} | {command} |\n"));
    }
    page
}
