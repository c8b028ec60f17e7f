//! `decide --interactive` on a pseudo-terminal: the seven questions, a stop, a resume, a signal, and
//! that answers mean the same however they are given.

use std::collections::BTreeMap;

use backsmith::decide::forcing::{State, Step};
use backsmith::decide::{Given, Input, Origin, Shelf};
use nix::sys::signal::{Signal, kill};
use proptest::prelude::*;
use serde_json::Value;

use crate::pseudo_terminal::{CTRL_C, CTRL_D, Session};
use crate::sandbox::Sandbox;

const START: &[&str] = &[
    "decide",
    "--interactive",
    "--answers",
    "grill.md",
    "--report",
    "decision.json",
];

fn start(sandbox: &Sandbox) -> Session {
    Session::start(sandbox, START)
}

/// Types one line at each prompt.
#[track_caller]
fn type_all(session: &mut Session, lines: &[&str]) {
    for line in lines {
        session.answer(line);
    }
}

fn decision(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.read("decision.json")).expect("JSON")
}

/// The answers in the file, those that nobody gave left out.
fn kept(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let sheet = sandbox.read("grill.md");
    let lines = sheet.lines().filter_map(|line| line.strip_prefix("- "));
    let pairs = lines.filter_map(|line| line.split_once(": "));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_seven_questions_lead_to_the_decision_of_the_plain_command() {
    let sandbox = Sandbox::new();
    let mut session = start(&sandbox);
    type_all(&mut session, &["20", "50"]);
    let tenancy = session.answer("shared-multi-tenent");
    let from = tenancy.find("2 of 7").expect("the question");
    insta::assert_snapshot!(&tenancy[from..]);
    session.wait_for("hint: did you mean `shared-multi-tenant`?");
    session.answer("?");
    session.wait_for("**Why it forces.** The tenant is part of");
    session.wait_for("OWASP Multi-Tenant Security Cheat Sheet; OWASP ASVS");
    // The number of the choice; then back to it, and Enter keeps it.
    type_all(&mut session, &["2", "back"]);
    session.wait_for("Answer [keep shared-multi-tenant]: ");
    session.press("\n");
    type_all(
        &mut session,
        &[
            "",
            "",
            "pii",
            "8",
            "typescript",
            "saas",
            "no",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ],
    );
    session.wait_for("name the team whose releases stop");
    session.answer("");
    session.wait_for("there is no answer to take here");
    session.answer("checkout team");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("node-express, 100 of 100 points; proposed, approval pending"),
        "{screen}"
    );
    let decision = decision(&sandbox);
    assert_eq!(decision["complete"], true);
    let origin = decision["inputs"]["team_size"]["origin"]
        .as_str()
        .expect("an origin");
    assert!(origin.starts_with("grill.md:"), "{origin}");
    assert_eq!(kept(&sandbox)["needs_admin_panel"], "false");
}

#[test]
fn a_session_that_was_left_goes_on_where_it_was() {
    let sandbox = Sandbox::new();
    let mut session = start(&sandbox);
    type_all(&mut session, &["20", "50", "", "", "", "quit"]);
    let (code, screen) = session.end();
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("stopped with 3 of 7 questions answered"),
        "{screen}"
    );
    assert!(
        screen.contains("go on: `backsmith decide --interactive --answers grill.md`"),
        "{screen}"
    );
    assert!(!sandbox.path().join("decision.json").exists());
    let before = kept(&sandbox);

    let mut session = start(&sandbox);
    session.wait_for("going on with the answers in grill.md");
    session.wait_for("4 of 7  Data sensitivity");
    // What nobody knows is kept as that, and the engine refuses in the end.
    type_all(&mut session, &["unknown"]);
    session.wait_for("kept as unknown; without it the engine refuses");
    type_all(
        &mut session,
        &[
            "8", "1", "1", "2", "", "", "", "skip", "skip", "skip", "skip", "skip",
        ],
    );
    let (code, screen) = session.end();
    assert_eq!(code, 3, "{screen}");
    assert_eq!(
        decision(&sandbox)["missing"][0]["input"],
        "data_sensitivity"
    );
    let after = kept(&sandbox);
    assert!(before.iter().all(|pair| after.get(pair.0) == Some(pair.1)));

    // All were asked: what is required and unknown is asked again.
    let mut session = start(&sandbox);
    session.wait_for("4 of 7  Data sensitivity");
    session.answer("internal");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
}

#[test]
fn a_criterion_stops_the_session_and_another_answer_goes_on() {
    let sandbox = Sandbox::new();
    let mut session = start(&sandbox);
    type_all(
        &mut session,
        &[
            "20",
            "50",
            "",
            "",
            "",
            "phi",
            "3",
            "typescript",
            "saas",
            "no",
            "",
        ],
    );
    let (code, screen) = session.end();
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("stopped: phi with 3 people (at least 4)"),
        "{screen}"
    );
    assert!(
        screen.contains("ways on       4 engineers ")
            && screen.contains("node-express, 100 points"),
        "{screen}"
    );
    assert!(
        screen.contains("go on: `backsmith decide answer --answers grill.md team_size=4`"),
        "{screen}"
    );
    assert!(!screen.contains("6 of 7"), "{screen}");
    assert_eq!(
        decision(&sandbox)["kill_criteria"][0]["code"],
        "regulated-data-too-small"
    );

    // The answers that stopped it are asked again; the same ones stop it again.
    let mut session = start(&sandbox);
    session.wait_for("stopped: phi with 3 people (at least 4)");
    session.wait_for("Answer [keep phi]: ");
    session.press("\n");
    session.wait_for("Answer [keep 3]: ");
    session.press("\n");
    assert_eq!(session.end().0, 3);

    let mut session = start(&sandbox);
    type_all(&mut session, &["", "4"]);
    session.wait_for("6 of 7  Recovery");
    type_all(&mut session, &["", "", "", "", "", "", "clinic team"]);
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(decision(&sandbox)["status"], "recommended");
}

#[test]
fn a_signal_loses_nothing() {
    for (keys, code, word) in [(CTRL_C, 130, "interrupted"), (CTRL_D, 3, "stopped")] {
        let sandbox = Sandbox::new();
        let mut session = start(&sandbox);
        type_all(&mut session, &["20", "50", "2"]);
        session.wait_for("3 of 7");
        session.wait_for("Answer [1]: ");
        session.press(keys);
        let (ended, screen) = session.end();
        assert_eq!(ended, code, "{screen}");
        assert!(
            screen.contains(&format!("{word} with 2 of 7 questions answered")),
            "{screen}"
        );
        assert_eq!(kept(&sandbox).len(), 3);
        assert!(sandbox.files() == ["grill.md"], "{:?}", sandbox.files());
    }
    let sandbox = Sandbox::new();
    let mut session = start(&sandbox);
    type_all(&mut session, &["20"]);
    session.wait_for("qps_p99");
    session.wait_for("Answer: ");
    kill(session.process(), Signal::SIGTERM).expect("a signal");
    assert_eq!(session.end().0, 143);
    assert_eq!(kept(&sandbox).len(), 1);
}

#[test]
fn answers_of_flags_and_edits_of_the_file_count() {
    let sandbox = Sandbox::new();
    let mut session = Session::start(
        &sandbox,
        &[
            START,
            &[
                "--qps-p99",
                "50",
                "--team-size",
                "8",
                "--tenancy",
                "single-tenant",
            ],
        ]
        .concat(),
    );
    session.answer("20");
    // Load is answered, and tenancy was not asked.
    session.wait_for("3 of 7");
    session.wait_for("Answer [1]: ");
    let sheet = sandbox.read("grill.md");
    sandbox.write(
        "grill.md",
        sheet.replace(
            "- data_sensitivity:\n",
            "Asked Anna.\n- data_sensitivity: internal\n",
        ),
    );
    session.press("\n");
    session.wait_for("the file was edited meanwhile; what it says counts");
    session.answer("none");
    session.wait_for("5 of 7");
    type_all(
        &mut session,
        &[
            "typescript",
            "saas",
            "no",
            "",
            "1h",
            "1h",
            "skip",
            "skip",
            "skip",
            "skip",
            "skip",
        ],
    );
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    let inputs = &decision(&sandbox)["inputs"];
    assert_eq!(inputs["team_size"]["origin"], "--team-size");
    assert_eq!(inputs["data_sensitivity"]["value"], "internal");
    assert!(sandbox.read("grill.md").contains("Asked Anna.\n"));
    assert_eq!(kept(&sandbox)["team_size"], "8");

    // A flag that says something else wins, and the file follows it.
    let mut session = Session::start(&sandbox, &[START, &["--team-size", "20"]].concat());
    session.wait_for("--team-size: 20 replaces 8 of grill.md:");
    let (code, screen) = session.end();
    assert_eq!(code, 1, "{screen}");
    assert_eq!(kept(&sandbox)["team_size"], "20");
}

#[test]
fn the_usual_file_is_gone_on_with_when_it_is_ours() {
    let sandbox = Sandbox::new();
    let begin = || Session::start(&sandbox, &["decide", "--interactive"]);
    let mut session = begin();
    session.wait_for("answers are kept in backend-grill-");
    session.wait_for("in the temporary folder; Ctrl-C stops, the same command");
    type_all(&mut session, &["20", "quit"]);
    assert_eq!(session.end().0, 3);
    let mut session = begin();
    session.wait_for("going on with your answers of today in ");
    session.wait_for("qps_p99");
    session.answer("quit");
    assert_eq!(session.end().0, 3);
}

/// One of some texts for each input; `unknown` among them.
fn answers() -> impl Strategy<Value = BTreeMap<Input, &'static str>> {
    let texts = |input: Input| -> &'static [&'static str] {
        match input {
            Input::TeamSize => &["3", "5", "6", "8", "14", "15", "24", "30", "40", "unknown"],
            Input::QpsP99 => &["0.5", "1", "50", "300", "1000", "5000", "5001", "unknown"],
            Input::ReadWriteRatio => &["0", "0.5", "1", "20", "unknown"],
            Input::Tenancy => &[
                "single-tenant",
                "shared-multi-tenant",
                "isolated-multi-tenant",
                "unknown",
            ],
            Input::DataSensitivity => &[
                "public",
                "internal",
                "pii",
                "phi",
                "pci",
                "regulated",
                "unknown",
            ],
            Input::Pattern => &[
                "monolith",
                "modular-monolith",
                "modular-monolith",
                "domain-bounded-services",
                "microservices",
                "unknown",
            ],
            Input::LanguagePreference => &["typescript", "python", "go", "rust", "java", "unknown"],
            Input::PlatformTeam | Input::NeedsAdminPanel => &["true", "false", "unknown"],
            Input::Workload => &[
                "saas",
                "ml-adjacent",
                "content-crud",
                "extracted-service",
                "unknown",
            ],
            Input::SloUptime => &["99.9", "99.99", "unknown"],
            Input::P50Ms => &["20", "120.5", "unknown"],
            Input::P95Ms => &["121", "350", "unknown"],
            Input::P99Ms => &["351", "900", "unknown"],
            Input::Rpo | Input::Rto => &["0s", "30s", "5m", "1d", "unknown"],
            Input::SyncModel => &["sync", "async", "event-driven", "unknown"],
            Input::HotPath | Input::ErrorBudgetConsumer | Input::SyncExceptions => {
                &["checkout", "the team of \"Anna\" & 'Bo': #1", "unknown"]
            }
        }
    };
    proptest::collection::vec(any::<prop::sample::Index>(), Input::ALL.len()).prop_map(
        move |picks| {
            let inputs = Input::ALL.into_iter().zip(picks);
            inputs
                .map(|(input, pick)| (input, texts(input)[pick.index(texts(input).len())]))
                .collect()
        },
    )
}

/// The same decision without the places where the answers stand.
fn without_origins(mut decision: Value) -> Value {
    for (_, input) in decision["inputs"].as_object_mut().expect("inputs") {
        input["origin"] = Value::Null;
    }
    decision
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whoever types the answers and whoever gives them in flags gets the same decision.
    #[test]
    fn answers_mean_the_same_on_the_terminal_and_in_flags(answers in answers()) {
        let shelf = Shelf::fill(&[]).expect("profiles");
        let sandbox = Sandbox::new();
        let mut session = start(&sandbox);
        let mut state = State::default();
        while let Step::Ask(_, open) = state.next(shelf.profiles()) {
            let input = open[0];
            let text = answers[&input];
            session.answer(text);
            if text == "unknown" {
                state.unknown.insert(input);
            } else {
                let value = input.parse(text).expect("a value");
                let origin = Origin::Flag(input.flag());
                state.inputs.insert(input, Given { value, origin });
            }
        }
        let (code, screen) = session.end();
        let flags = state.inputs.keys().flat_map(|input| [input.flag(), answers[input]]);
        let run = sandbox.run(["decide", "--json"].into_iter().chain(flags));
        prop_assert_eq!(code, run.code, "{}", screen);
        prop_assert_eq!(without_origins(decision(&sandbox)), without_origins(run.json()), "{}", screen);
    }
}
