//! Questions to the planner, and its answers: what a statement would cost with an index that does not
//! exist. Values only; asking is done at the edge.

/// One statement and the indexes that may help it.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub query: String,
    /// One SQL constant a parameter, for a plan that knows the values; empty when none are known.
    pub constants: Vec<String>,
    /// Places in `Questions::indexes`.
    pub candidates: Vec<usize>,
}

/// Everything that is asked in one go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// `CREATE INDEX ON …`, as HypoPG takes it.
    pub indexes: Vec<String>,
    pub questions: Vec<Question>,
}

/// The planner's cost of one statement under both kinds of plan; nothing when it could not be planned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// For any value of the parameters.
    pub generic: Option<f64>,
    /// For values that occur.
    pub constant: Option<f64>,
}

/// What was answered, in the order of the questions.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub answers: Vec<Answer>,
    /// Estimated size of each index; nothing without HypoPG.
    pub bytes: Vec<Option<i64>>,
    pub with_hypopg: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub before: Costs,
    /// With each of the question's candidates alone, in their order; empty without HypoPG.
    pub after: Vec<Costs>,
}
