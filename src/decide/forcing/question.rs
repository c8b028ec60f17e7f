//! The questions themselves: their titles, their words, and the inputs that each of them asks for.

use crate::decide::input::{Input, Kind};

/// One of the seven, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForcingQuestion {
    Load,
    Tenancy,
    Communication,
    DataSensitivity,
    Shape,
    Recovery,
    Promise,
}

impl ForcingQuestion {
    pub const ALL: [Self; 7] = [
        Self::Load,
        Self::Tenancy,
        Self::Communication,
        Self::DataSensitivity,
        Self::Shape,
        Self::Recovery,
        Self::Promise,
    ];

    /// From 1.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|question| question.number() == number)
    }

    /// The question that an input belongs to.
    pub fn of(input: Input) -> Self {
        let asks = |question: &Self| question.inputs().contains(&input);
        Self::ALL
            .into_iter()
            .find(asks)
            .expect("a test holds that every input belongs to a question")
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Load => "Load",
            Self::Tenancy => "Tenancy",
            Self::Communication => "Communication",
            Self::DataSensitivity => "Data sensitivity",
            Self::Shape => "Shape and team",
            Self::Recovery => "Recovery",
            Self::Promise => "SLO and error budget",
        }
    }

    pub const fn ask(self) -> &'static str {
        match self {
            Self::Load => {
                "How many reads come for each write, and how many requests per second at the 99th \
                 percentile, a year from now?"
            }
            Self::Tenancy => "How many customers share one database, and what keeps them apart?",
            Self::Communication => {
                "Do callers wait for the answer? What is the default, and which calls are exceptions?"
            }
            Self::DataSensitivity => "How sensitive is the data that you will hold in a year?",
            Self::Shape => "Which shape do you have in mind, and does the team's size carry it?",
            Self::Recovery => "How much data may be lost, and how long may it be down?",
            Self::Promise => "What is promised, and who, by name, spends the error budget?",
        }
    }

    /// What the question forces, in one sentence.
    pub const fn forces(self) -> &'static str {
        match self {
            Self::Load => {
                "Load decides what has to be fast, and whether there is anything to build at all."
            }
            Self::Tenancy => {
                "Tenancy goes into every key, every index and every query; it is the dearest thing to change."
            }
            Self::Communication => {
                "A caller that waits couples two failures; one that does not needs a queue that somebody watches."
            }
            Self::DataSensitivity => {
                "The strictest class of data sets who must approve, what must be logged, and who may look."
            }
            Self::Shape => {
                "The organisation ships its own shape: each deployable needs people who own it day and night."
            }
            Self::Recovery => {
                "Two durations decide what backups and replicas cost, long before a line of code does."
            }
            Self::Promise => {
                "A promise that nobody spends or defends is a wish; a name makes it an agreement."
            }
        }
    }

    /// In the order in which they are asked.
    pub const fn inputs(self) -> &'static [Input] {
        match self {
            Self::Load => &[Input::ReadWriteRatio, Input::QpsP99, Input::HotPath],
            Self::Tenancy => &[Input::Tenancy],
            Self::Communication => &[Input::SyncModel, Input::SyncExceptions],
            Self::DataSensitivity => &[Input::DataSensitivity],
            Self::Shape => &[
                Input::TeamSize,
                Input::LanguagePreference,
                Input::Workload,
                Input::NeedsAdminPanel,
                Input::PlatformTeam,
                Input::Pattern,
            ],
            Self::Recovery => &[Input::Rpo, Input::Rto],
            Self::Promise => &[
                Input::SloUptime,
                Input::P50Ms,
                Input::P95Ms,
                Input::P99Ms,
                Input::ErrorBudgetConsumer,
            ],
        }
    }
}

/// The answers of an input that are words, each with what it means.
pub fn choices(input: Input) -> Vec<(&'static str, &'static str)> {
    match input.kind() {
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| (*choice, meaning(choice)))
            .collect(),
        Kind::Switch => vec![("true", "yes"), ("false", "no")],
        _ => Vec::new(),
    }
}

fn meaning(choice: &str) -> &'static str {
    match choice {
        "single-tenant" => "one customer, or a database for each deployment",
        "shared-multi-tenant" => "one schema, a tenant column, row level security",
        "isolated-multi-tenant" => "a schema or a database for each customer",
        "sync" => "callers wait for the answer",
        "async" => "work is taken, queued and done later; callers ask or are told",
        "event-driven" => "facts are published, and whoever is interested follows them",
        "public" => "anybody may read it",
        "internal" => "everybody in the company may read it",
        "pii" => "it names or describes people",
        "phi" => "health data of people",
        "pci" => "card numbers, or what leads to them",
        "regulated" => "another law or contract says who may see it: banking, defence, children",
        "monolith" => "one deployable",
        "modular-monolith" => "one deployable, modules with boundaries that a build enforces",
        "domain-bounded-services" => "a few services, one for each business domain",
        "microservices" => "many small services, each deployed on its own",
        "serverless" => "functions that a cloud starts for each call",
        "saas" => "customers use a product",
        "ml-adjacent" => "it serves or feeds models",
        "content-crud" => "people edit records in forms",
        "extracted-service" => "one part that was cut out of a larger system",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_belongs_to_the_question_that_it_names() {
        for input in Input::ALL {
            let asking = ForcingQuestion::ALL
                .into_iter()
                .filter(|question| question.inputs().contains(&input));
            let numbers: Vec<u8> = asking.map(ForcingQuestion::number).collect();
            assert_eq!(numbers, [input.describe().forcing_question], "{input:?}");
        }
    }

    #[test]
    fn every_word_is_explained_but_the_languages() {
        for input in Input::ALL {
            for (choice, meaning) in choices(input) {
                let language = input == Input::LanguagePreference;
                assert_eq!(meaning.is_empty(), language, "{choice}");
            }
        }
    }
}
