//! Which connection serves which request. All requests of a plan stand in one row; those of a target
//! that go to the same address share a lane, and each place of the load has one connection a lane.

use crate::loadtest::plan::{Address, Aside, Mix, Plan, Request, Target};

/// One request on its way: which target's it is, its place in the row, and the lane that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) target: usize,
    pub(super) request: usize,
    pub(super) lane: usize,
}

/// Whose figures a request is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// A request's, over all targets; nobody's where nothing is chosen.
    As(usize),
    /// Those that are told apart, by their place among them.
    Apart(usize),
}

/// The connections to one address for one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) target: usize,
    /// The first request that takes it, by its index in the target.
    pub(super) request: usize,
}

/// Where a session stands: which of the worker's connections has it, and on which lane it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) connection: usize,
    pub(super) lane: usize,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) lanes: Vec<Lane>,
    asks: Vec<Ask>,
    /// By target: where its requests begin in the row, and how they are chosen. Empty when every
    /// target has one request: target, request and lane are the same number then.
    mixes: Vec<(usize, Mix)>,
    /// The target of each request that has figures of its own; none where nothing is chosen.
    owners: Vec<usize>,
    /// What each request of the row is counted as.
    counted: Vec<Counted>,
}

impl Layout {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut asks = Vec::new();
        let mut mixes = Vec::new();
        let (mut owners, mut counted_as) = (Vec::new(), Vec::new());
        for (target, whole) in plan.targets.iter().enumerate() {
            mixes.push((asks.len(), Mix::new(whole, plan.seed)));
            let mut lane_of = |request: usize, address: &Address| {
                let serves = |lane: &Lane| {
                    lane.target == target && whole.requests()[lane.request].address == *address
                };
                lanes.iter().position(serves).unwrap_or_else(|| {
                    lanes.push(Lane { target, request });
                    lanes.len() - 1
                })
            };
            let mut add = |lane: usize, counted: Counted| {
                asks.push(Ask {
                    target,
                    request: asks.len(),
                    lane,
                });
                counted_as.push(counted);
            };
            for (index, request) in whole.requests().iter().enumerate() {
                let lane = lane_of(index, &request.address);
                let counted = Counted::As(owners.len());
                owners.push(target);
                add(lane, counted);
                // They differ in what they ask for and not in whom they ask.
                for _ in &request.variants {
                    add(lane, counted);
                }
            }
            for (place, request) in whole
                .aside()
                .into_iter()
                .flat_map(Aside::requests)
                .enumerate()
            {
                add(lane_of(0, &request.address), Counted::Apart(place));
            }
        }
        if !plan.targets.iter().any(Target::is_mix) {
            mixes.clear();
            owners.clear();
        }
        Self {
            lanes,
            asks,
            mixes,
            owners,
            counted: counted_as,
        }
    }

    /// Every request of the plan, in the order of the row.
    pub(super) fn requests(plan: &Plan) -> impl Iterator<Item = &Request> {
        plan.targets.iter().flat_map(Target::all)
    }

    /// What a request is counted as.
    pub(super) fn counted(&self, ask: Ask) -> Counted {
        self.counted[ask.request]
    }

    /// The target of each request that is counted by itself, and nothing when none is chosen.
    pub(super) fn owners(&self) -> &[usize] {
        &self.owners
    }

    /// The next request of a target; `number` tells which one of the run it is, and is only asked
    /// when there is something to choose.
    pub(super) fn ask(&self, target: usize, number: impl FnOnce() -> u64) -> Ask {
        if self.mixes.is_empty() {
            return Ask {
                target,
                request: target,
                lane: target,
            };
        }
        let (first, mix) = &self.mixes[target];
        self.asks[first + mix.choose(number()).row]
    }

    /// The lane of a target's first request.
    pub(super) fn lane_of(&self, target: usize) -> usize {
        self.lanes
            .iter()
            .position(|lane| lane.target == target)
            .unwrap_or(0)
    }

    /// The request of a lane.
    pub(super) fn request_of<'plan>(&self, plan: &'plan Plan, lane: usize) -> &'plan Request {
        let lane = self.lanes[lane];
        &plan.targets[lane.target].requests()[lane.request]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::SecretUrl;

    fn request(url: &str) -> Request {
        Request::new(&SecretUrl::new(url), "GET", Vec::new(), Vec::new()).expect("a request")
    }

    #[test]
    fn requests_to_one_address_share_a_lane() {
        let urls = ["http://a/1", "http://b/", "http://a/2", "https://a/"];
        let target = Target::of(urls.map(request).into()).expect("some");
        let plan = Plan::new(target);
        let layout = Layout::new(&plan);
        let lanes: Vec<usize> = layout.asks.iter().map(|ask| ask.lane).collect();
        assert_eq!(lanes, [0, 1, 0, 2]);
        let mut chosen: Vec<usize> = (0..200).map(|n| layout.ask(0, || n).request).collect();
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen, [0, 1, 2, 3]);
    }

    #[test]
    fn nothing_is_chosen_where_every_target_has_one_request() {
        let mut plan = Plan::new(Target::of(vec![request("http://a/")]).expect("one"));
        plan.targets.push(plan.targets[0].clone());
        let layout = Layout::new(&plan);
        let ask = layout.ask(1, || panic!("nothing to choose"));
        assert_eq!((ask.target, ask.request, ask.lane), (1, 1, 1));
        assert_eq!(layout.lanes.len(), 2);
    }
}
