//! The choice: greedily the index that saves most over the whole workload, what its writes cost taken
//! off, as long as it at least halves the cost of some statement.

use super::candidates::{Candidate, Plan, constant_share, selectivity};
use super::{Considered, Suggestion, Suggestions, Verified};
use crate::catalog::plans::{Costs, Measured};
use crate::catalog::statistics::{Statistics, Table};
use crate::diagnostic::Severity;
use crate::migrate::advise::{Fact, Finding, create_index, index_name};
use crate::migrate::workload::Test;
use crate::text::number::{cost, counted};

const MOST_SUGGESTIONS: usize = 6;
const MOST_CONSIDERED: usize = 8;
/// An index must leave at most this share of the cost of some statement.
const WORTH_IT: f64 = 0.5;
/// Planner cost of one more index entry for a written row: an index tuple and its share of a page.
const WRITE_COST: f64 = 0.5;

/// What each candidate does to each statement.
struct Effects {
    before: Vec<Costs>,
    /// By statement, then candidate; nothing where the candidate is no candidate of the statement.
    after: Vec<Vec<Option<Costs>>>,
    bytes: Vec<i64>,
}

pub(super) fn choose(statistics: &Statistics, plan: &Plan, measured: &Measured) -> Suggestions {
    let effects = effects(statistics, plan, measured);
    let mut current: Vec<Costs> = effects.before.clone();
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < MOST_SUGGESTIONS {
        let best = (0..plan.candidates.len())
            .filter(|place| !chosen.contains(place) && !plan.candidates[*place].size_only)
            .filter_map(|place| Some((gain(plan, &effects, &current, place)?, place)))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
        let Some((_, place)) = best else { break };
        for (query, cost) in current.iter_mut().enumerate() {
            if let Some(after) = effects.after[query][place] {
                *cost = cheaper(*cost, after);
            }
        }
        chosen.push(place);
    }
    // A chosen index that another chosen one starts with does nothing of its own, nor does one on a
    // part of a table whose own index reaches every part.
    let covered = |place: &usize| {
        chosen.iter().find(|other| {
            *other != place
                && covers(
                    statistics,
                    &plan.candidates[**other],
                    &plan.candidates[*place],
                )
        })
    };
    let kept: Vec<usize> = chosen
        .iter()
        .copied()
        .filter(|place| covered(place).is_none())
        .collect();
    let mut suggestions = Suggestions {
        judged: effects
            .before
            .iter()
            .filter(|cost| sum(**cost).is_some())
            .count(),
        not_judged: plan.not_understood
            + effects
                .before
                .iter()
                .filter(|cost| sum(**cost).is_none())
                .count(),
        ..Suggestions::default()
    };
    for place in &kept {
        if let Some(suggestion) = suggestion(statistics, plan, &effects, measured, *place) {
            suggestions.chosen.push(suggestion);
        }
    }
    suggestions.considered = considered(statistics, plan, &effects, measured, &kept);
    suggestions
}

fn effects(statistics: &Statistics, plan: &Plan, measured: &Measured) -> Effects {
    let count = plan.candidates.len();
    let mut after = vec![vec![None; count]; plan.queries.len()];
    let before: Vec<Costs> = measured
        .answers
        .iter()
        .map(|answer| answer.before)
        .collect();
    for (query, question) in plan.questions.questions.iter().enumerate() {
        for (nth, place) in question.candidates.iter().enumerate() {
            after[query][*place] = if measured.with_hypopg {
                measured.answers[query].after.get(nth).copied()
            } else {
                estimated(
                    statistics,
                    plan,
                    query,
                    &plan.candidates[*place],
                    before[query],
                )
            };
        }
    }
    let bytes = plan
        .candidates
        .iter()
        .enumerate()
        .map(|(place, candidate)| {
            let known = measured.bytes.get(place).copied().flatten();
            known.unwrap_or_else(|| estimated_bytes(statistics, candidate))
        });
    Effects {
        before,
        after,
        bytes: bytes.collect(),
    }
}

/// What the index saves over the workload; nothing when it halves the cost of no statement, or when its
/// writes cost more.
fn gain(plan: &Plan, effects: &Effects, current: &[Costs], place: usize) -> Option<f64> {
    let mut saved = 0.0;
    let mut is_worth_it = false;
    for (query, now) in current.iter().enumerate() {
        let Some(after) = effects.after[query][place] else {
            continue;
        };
        let (Some(now_sum), Some(after_sum)) = (sum(*now), sum(after)) else {
            continue;
        };
        saved += plan.queries[query].statement.calls as f64 * (now_sum - after_sum).max(0.0);
        is_worth_it |= halves(now.generic, after.generic) || halves(now.constant, after.constant);
    }
    let table = plan.candidates[place].table;
    let written = plan.writes.get(&table).copied().unwrap_or(0) as f64 * WRITE_COST;
    (is_worth_it && saved > written).then_some(saved - written)
}

fn halves(now: Option<f64>, after: Option<f64>) -> bool {
    matches!((now, after), (Some(now), Some(after)) if after <= now * WORTH_IT)
}

/// Both kinds of plan weigh the same: which of them runs depends on the driver.
fn sum(costs: Costs) -> Option<f64> {
    match (costs.generic, costs.constant) {
        (Some(generic), Some(constant)) => Some(f64::midpoint(generic, constant)),
        (one, other) => one.or(other),
    }
}

fn cheaper(now: Costs, after: Costs) -> Costs {
    let least = |now: Option<f64>, after: Option<f64>| match (now, after) {
        (Some(now), Some(after)) => Some(now.min(after)),
        (now, after) => now.or(after),
    };
    Costs {
        generic: least(now.generic, after.generic),
        constant: least(now.constant, after.constant),
    }
}

fn covers(statistics: &Statistics, longer: &Candidate, shorter: &Candidate) -> bool {
    let reaches = if longer.table == shorter.table {
        longer.plain_keys.len() > shorter.plain_keys.len()
    } else {
        is_part_of(statistics, shorter.table, longer.table)
    };
    reaches
        && longer.predicate == shorter.predicate
        && longer.plain_keys.starts_with(&shorter.plain_keys)
}

/// Whether a table is a partition of another, at whatever depth.
fn is_part_of(statistics: &Statistics, part: i64, whole: i64) -> bool {
    let parent = |id: i64| statistics.table(id)?.partition_of;
    std::iter::successors(parent(part), |id| parent(*id)).any(|id| id == whole)
}

fn suggestion(
    statistics: &Statistics,
    plan: &Plan,
    effects: &Effects,
    measured: &Measured,
    place: usize,
) -> Option<Suggestion> {
    let candidate = &plan.candidates[place];
    let table = statistics.table(candidate.table)?;
    // The statement that gains most tells why; statements of the workload before those of a key.
    let gains = (0..plan.queries.len()).filter_map(|query| {
        let (before, after) = (effects.before[query], effects.after[query][place]?);
        let plans = improved(before, after);
        let saved = (sum(before)? - sum(after)?) * plan.queries[query].statement.calls as f64;
        (!plans.is_empty()).then_some((query, saved, plans))
    });
    let mut gains: Vec<_> = gains.collect();
    gains.sort_by(|a, b| {
        let of_key = |query: usize| plan.queries[query].of_foreign_key;
        of_key(a.0)
            .cmp(&of_key(b.0))
            .then_with(|| b.1.total_cmp(&a.1))
    });
    let (query, _, plans) = gains.first().cloned()?;
    let total: f64 = gains.iter().map(|(_, saved, _)| saved).sum();
    let (before, after) = (effects.before[query], effects.after[query][place]?);
    let shown = |costs: Costs| {
        if plans.contains(&"generic") {
            costs.generic
        } else {
            costs.constant
        }
    };
    let (before, after) = (shown(before)?, shown(after)?);
    let verified = if measured.with_hypopg {
        Verified::Hypopg
    } else {
        Verified::Estimated
    };
    let statement = &plan.queries[query].statement;
    let text = statement
        .query
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let of_foreign_key = plan.queries[query].of_foreign_key;
    let writes = plan.writes.get(&candidate.table).copied().unwrap_or(0);
    let mut name_keys = candidate.plain_keys.clone();
    name_keys.extend(candidate.predicate_columns.iter().cloned());
    let name = index_name(statistics, table, &name_keys);
    let label = label(table, candidate);
    let plan_names = plans.iter().map(|plan| (*plan).to_owned()).collect();
    let finding = Finding {
        code: "missing-index",
        severity: Severity::Warning,
        table: table.qualified(),
        columns: candidate.keys.clone(),
        index: Some(name.clone()),
        message: format!(
            "{label} would cut the cost of a statement called {} from {} to {}",
            counted(statement.calls, "time"),
            cost(before),
            cost(after)
        ),
        because: text.clone(),
        evidence: vec![
            ("query", Fact::Text(text.clone())),
            ("of_foreign_key", Fact::Flag(of_foreign_key)),
            ("calls", Fact::Number(statement.calls)),
            ("cost_before", Fact::Decimal(before)),
            ("cost_after", Fact::Decimal(after)),
            ("verified", Fact::Text(verified.name().to_owned())),
            ("plans", Fact::List(plan_names)),
            ("statements_served", Fact::Number(gains.len() as i64)),
            ("writes_in_the_workload", Fact::Number(writes)),
        ],
        mend: create_index(
            table,
            &name,
            &candidate.keys,
            candidate.predicate.as_deref(),
        ),
        weight: total,
    };
    Some(Suggestion {
        finding,
        label,
        query: text,
        calls: statement.calls,
        before,
        after,
        verified,
        plans,
        bytes: effects.bytes[place],
        writes,
        also_serves: gains.len() - 1,
    })
}

/// Under which plans the index at least halves the cost.
fn improved(before: Costs, after: Costs) -> Vec<&'static str> {
    let mut plans = Vec::new();
    if halves(before.generic, after.generic) {
        plans.push("generic");
    }
    if halves(before.constant, after.constant) {
        plans.push("constant");
    }
    plans
}

fn considered(
    statistics: &Statistics,
    plan: &Plan,
    effects: &Effects,
    measured: &Measured,
    kept: &[usize],
) -> Vec<Considered> {
    let mut found = Vec::new();
    for (place, candidate) in plan.candidates.iter().enumerate() {
        let Some(table) = statistics.table(candidate.table) else {
            continue;
        };
        let helps = (0..plan.queries.len()).any(|query| {
            effects.after[query][place]
                .is_some_and(|after| !improved(effects.before[query], after).is_empty())
        });
        let chosen = kept
            .iter()
            .map(|kept| &plan.candidates[*kept])
            .find(|other| other.table == candidate.table);
        if kept.contains(&place) {
            continue;
        }
        let covered = kept
            .iter()
            .find(|kept| covers(statistics, &plan.candidates[**kept], candidate));
        let rejected = if candidate.size_only {
            if chosen.is_none() {
                continue;
            }
            "a bound parameter cannot use a partial index: write the values into the statement and it serves"
                .to_owned()
        } else if let Some(other) = covered {
            let other = &plan.candidates[*other];
            let keys = other.keys.join(", ");
            match statistics.table(other.table) {
                Some(whole) if whole.id != table.id => {
                    format!(
                        "covered by {} ({keys}), which reaches every part",
                        whole.label()
                    )
                }
                _ => format!("covered by ({keys})"),
            }
        } else if helps
            && gain(plan, effects, &effects.before, place).is_some()
            && let Some(other) = chosen
        {
            format!(
                "({}) does more for the same statements",
                other.keys.join(", ")
            )
        } else if helps {
            "its writes would cost more than it saves".to_owned()
        } else {
            continue;
        };
        found.push(Considered {
            table: table.qualified(),
            label: label(table, candidate),
            keys: candidate.keys.clone(),
            predicate: candidate.predicate.clone(),
            bytes: measured.bytes.get(place).copied().flatten(),
            rejected,
        });
    }
    found.truncate(MOST_CONSIDERED);
    found
}

fn label(table: &Table, candidate: &Candidate) -> String {
    let filter = candidate
        .predicate
        .as_ref()
        .map_or(String::new(), |predicate| format!(" WHERE {predicate}"));
    format!("{} ({}){filter}", table.label(), candidate.keys.join(", "))
}

/// Without HypoPG: the rows that the keys leave, each read at random.
fn estimated(
    statistics: &Statistics,
    plan: &Plan,
    query: usize,
    candidate: &Candidate,
    before: Costs,
) -> Option<Costs> {
    /// Descent to a leaf, and the page of a row, in planner units.
    const DESCENT: f64 = 8.0;
    const ROW: f64 = 4.0;
    let shape = &plan.shapes[query];
    let table = statistics.table(candidate.table)?;
    let rows = table.rows.max(1) as f64;
    let mut share = 1.0;
    // What is left over once the index has done its part.
    let mut filtered = 1.0;
    let mut is_bound = false;
    for condition in shape.conditions_on(candidate.table) {
        let is_filter = candidate.predicate_columns.contains(&condition.key.column);
        if is_filter && let Some(constant) = constant_share(statistics, table, condition) {
            share *= constant;
            is_bound = true;
            continue;
        }
        if !candidate.plain_keys.contains(&condition.key.text) {
            if matches!(condition.test, Test::Equal(_) | Test::IsNull) {
                filtered *= selectivity(statistics, table, &condition.key);
            }
            continue;
        }
        match &condition.test {
            Test::Equal(_) | Test::IsNull | Test::Join { .. } => {
                share *= selectivity(statistics, table, &condition.key);
            }
            Test::OneOf(list) => {
                share *= selectivity(statistics, table, &condition.key) * list.len() as f64;
            }
            Test::Range => share /= 3.0,
            Test::Other => continue,
        }
        is_bound = true;
    }
    let ordered = !shape.order.is_empty()
        && shape
            .order
            .iter()
            .all(|key| candidate.plain_keys.contains(&key.key.text));
    let mut read = rows * share;
    if ordered && shape.limit.is_some() {
        let statement = &plan.queries[query].statement;
        let page = statement.rows as f64 / statement.calls.max(1) as f64;
        read = read.min(page.max(10.0) / filtered);
        is_bound = true;
    }
    if !is_bound {
        return None;
    }
    let cost = DESCENT + read * ROW;
    let least = |now: Option<f64>| now.map(|now| now.min(cost));
    Some(Costs {
        generic: least(before.generic),
        constant: least(before.constant),
    })
}

/// Rows times the width of the keys and the overhead of an entry, in pages that are nine tenths full.
fn estimated_bytes(statistics: &Statistics, candidate: &Candidate) -> i64 {
    let Some(table) = statistics.table(candidate.table) else {
        return 0;
    };
    let width: i64 = candidate
        .plain_keys
        .iter()
        .map(|key| {
            let column = statistics
                .columns_of(candidate.table)
                .find(|column| key.contains(&column.name));
            column.and_then(|column| column.average_width).unwrap_or(8)
        })
        .sum();
    ((table.rows * (width + 12)) as f64 / 0.9) as i64
}

impl Verified {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hypopg => "hypopg",
            Self::Estimated => "not verified",
        }
    }
}
