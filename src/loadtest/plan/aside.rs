//! Requests that go along with a load and are no part of its figures: every n-th request is one of
//! them. They have to be refused, and how the server does that is told apart.

use super::Request;

/// What goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// One of this many requests is counted apart. From 2.
    one_in: u64,
    /// At least one.
    requests: Vec<(Request, Fault)>,
}

/// What is wrong with a request on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The request that it would be without the fault.
    pub request: String,
    /// "`/email` of the body is no `email`".
    pub breaks: String,
    /// JSON pointer of the rule in the document that has it.
    pub pointer: String,
    /// The rule is one that many servers take for a remark.
    pub lenient: bool,
}

impl Aside {
    /// `None` without requests, and where nothing else would be left to send.
    pub fn new(one_in: u64, requests: Vec<(Request, Fault)>) -> Option<Self> {
        (one_in >= 2 && !requests.is_empty()).then_some(Self { one_in, requests })
    }

    pub const fn one_in(&self) -> u64 {
        self.one_in
    }

    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().map(|(request, _)| request)
    }

    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.requests.iter().map(|(_, fault)| fault)
    }

    /// So many requests that this many are left when those of this kind are taken out.
    pub const fn around(&self, counted: u64) -> u64 {
        counted.saturating_add(counted / (self.one_in - 1))
    }

    /// How many are left of so many requests.
    pub const fn left_of(&self, all: u64) -> u64 {
        all - all / self.one_in
    }

    /// By how much a schedule has to be faster, so that its counted requests keep their rate.
    pub fn haste(&self) -> f64 {
        self.one_in as f64 / (self.one_in - 1) as f64
    }
}
