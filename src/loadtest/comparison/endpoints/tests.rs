//! The comparison on synthetic runs with what real ones have: drift, bursts, bunched requests.

use super::*;
use crate::loadtest::comparison::Verdict;
use crate::loadtest::recording::{Cells, histogram};

/// How a synthetic server answers.
#[derive(Clone, Copy, Debug)]
struct Server {
    milliseconds: f64,
    errors: f64,
}

/// One run in ABBA order. The machine under both endpoints drifts, and now and then it is busy for a
/// while, which makes every request of that time slower.
fn run(servers: [Server; 2], blocks: usize, per_block: usize, seed: u64) -> (Recording, Recording) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut recordings = [Recording::default(), Recording::default()];
    let mut busy_until = 0.0;
    let mut level = 0.0_f64;
    for number in 0..blocks {
        let side = [0, 1, 1, 0][number % 4];
        let mut latency = histogram();
        let mut tally = crate::loadtest::recording::Tally::default();
        level = level * 0.9 + (random.f64() - 0.5) * 0.02;
        for request in 0..per_block {
            let now = number as f64 + request as f64 / per_block as f64;
            if random.f64() < 0.2 / per_block as f64 {
                busy_until = now + random.f64() * 0.5;
            }
            let busy = if now < busy_until {
                1.0 + 3.0 * random.f64()
            } else {
                1.0
            };
            let noise = 1.0 - random.f64().max(1e-9).ln() * 0.1;
            let milliseconds = servers[side].milliseconds * (1.0 + level) * noise * busy;
            latency
                .record((milliseconds * 1e6) as u64)
                .expect("it grows");
            let status = if random.f64() < servers[side].errors {
                500
            } else {
                200
            };
            *tally.statuses.entry(status).or_default() += 1;
        }
        tally.completed = per_block as u64;
        let recording = &mut recordings[side];
        recording.latency.add(&latency).expect("it grows");
        recording.requests.completed += tally.completed;
        for (status, count) in &tally.statuses {
            *recording.statuses.entry(*status).or_default() += count;
        }
        recording.blocks.push(Block {
            number,
            seconds: 0.25,
            interval: crate::loadtest::recording::Interval {
                tally,
                latency: Cells::of(&latency),
            },
        });
    }
    let [a, b] = recordings;
    (a, b)
}

fn verdicts(servers: [Server; 2], runs: u64) -> Vec<Verdict> {
    let verdict = |seed| {
        let (a, b) = run(servers, 40, 250, seed);
        compare(&a, &b, Acceptance::Success, Margin::default()).verdict
    };
    (1..=runs).map(verdict).collect()
}

fn share_of(verdicts: &[Verdict], wanted: &[Verdict]) -> f64 {
    let hits = verdicts
        .iter()
        .filter(|verdict| wanted.contains(verdict))
        .count();
    hits as f64 / verdicts.len() as f64
}

const PLAIN: Server = Server {
    milliseconds: 10.0,
    errors: 0.0,
};

#[test]
fn the_same_endpoint_twice_raises_few_alarms() {
    let verdicts = verdicts([PLAIN, PLAIN], 60);
    let alarms = share_of(&verdicts, &[Verdict::Better, Verdict::Worse]);
    let settled = share_of(&verdicts, &[Verdict::Same]);
    assert!(alarms <= 0.05, "{alarms} of the runs raised a false alarm");
    assert!(settled >= 0.5, "only {settled} of the runs said `same`");
}

#[test]
fn ten_per_cent_are_called_in_the_right_direction() {
    let slow = Server {
        milliseconds: 11.0,
        ..PLAIN
    };
    let failing = Server {
        errors: 0.01,
        ..PLAIN
    };
    for (servers, wanted) in [
        ([PLAIN, slow], Verdict::Worse),
        ([slow, PLAIN], Verdict::Better),
        ([PLAIN, failing], Verdict::Worse),
        ([failing, PLAIN], Verdict::Better),
    ] {
        let right = share_of(&verdicts(servers, 20), &[wanted]);
        assert!(right >= 0.95, "{right} of the runs said {wanted:?}");
    }
}

#[test]
fn blocks_that_were_cut_short_are_left_out() {
    let (mut a, b) = run([PLAIN, PLAIN], 4, 400, 1);
    a.blocks[1].seconds = 0.01;
    assert_eq!(pairs(&a.blocks, &b.blocks).len(), 1);
}
