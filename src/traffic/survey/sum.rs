//! The checks that the parts of one load made, each by itself, as one.

use std::collections::BTreeMap;

use super::{Survey, Surveyed, undocumented};
use crate::diagnostic::Diagnostic;

/// Findings that tell numbers: they are made anew of the sum.
const COUNTED: [&str; 5] = [
    "accepts-invalid-format",
    "accepts-invalid-input",
    "n-plus-one",
    "no-answer",
    "validation-answers-500",
];

impl Survey {
    /// Answers are added up; the same finding, and the same fault with the same answer, is told once.
    /// What the database was asked is left out: each part counted the statements of all.
    pub fn sum(parts: Vec<Self>) -> Option<Self> {
        let mut parts = parts.into_iter().map(Self::without_counted);
        let mut sum = parts.next()?;
        for part in parts {
            sum.add(part);
        }
        for surveyed in std::mem::take(&mut sum.operations) {
            sum.finish(surveyed);
        }
        let under_load: Vec<Diagnostic> = sum.operations.iter().flat_map(undocumented).collect();
        sum.findings.extend(under_load);
        let asked = &sum.operations;
        sum.left_out
            .retain(|left| !asked.iter().any(|operation| operation.name == left.name));
        Some(sum)
    }

    fn without_counted(mut self) -> Self {
        let under_load: Vec<Diagnostic> = self.operations.iter().flat_map(undocumented).collect();
        let findings = &mut self.findings;
        findings.retain(|finding| {
            let mut counted = under_load.iter();
            !COUNTED.contains(&finding.code) && !counted.any(|other| is_same(other, finding))
        });
        for operation in &mut self.operations {
            operation.queries = None;
            let stays = |message: &String| findings.iter().any(|kept| kept.message == *message);
            operation.objections.retain(stays);
        }
        self
    }

    fn add(&mut self, other: Self) {
        for finding in other.findings {
            if !self.findings.iter().any(|known| is_same(known, &finding)) {
                self.findings.push(finding);
            }
        }
        for theirs in other.operations {
            let mut mine = self.operations.iter_mut();
            match mine.find(|mine| mine.name == theirs.name) {
                Some(mine) => mine.add(theirs),
                None => self.operations.push(theirs),
            }
        }
        unite(&mut self.left_out, other.left_out);
    }
}

impl Surveyed {
    fn add(&mut self, other: Self) {
        count(&mut self.valid, &other.valid);
        count(&mut self.undocumented, &other.undocumented);
        self.failures.extend(other.failures);
        unite(&mut self.invalid, other.invalid);
        unite(&mut self.objections, other.objections);
        self.not_tried = self.not_tried.max(other.not_tried);
        match (&mut self.ids, other.ids) {
            (Some(mine), Some(theirs)) => mine.add(theirs),
            (None, theirs) => self.ids = theirs,
            (Some(_), None) => {}
        }
    }
}

fn count(mine: &mut BTreeMap<u16, u64>, theirs: &BTreeMap<u16, u64>) {
    for (status, number) in theirs {
        *mine.entry(*status).or_default() += number;
    }
}

fn unite<T: PartialEq>(mine: &mut Vec<T>, theirs: Vec<T>) {
    for one in theirs {
        if !mine.contains(&one) {
            mine.push(one);
        }
    }
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    one.code == other.code && one.message == other.message && one.pointer == other.pointer
}
