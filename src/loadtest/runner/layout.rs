//! Which connection serves which request. All requests of a plan stand in one row; those of a target
//! that go to the same address share a lane, and each place of the load has one connection a lane.

use crate::loadtest::plan::{Mix, Plan, Request, Target};

/// One request on its way: which target's it is, its place in the row, and the lane that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) target: usize,
    pub(super) request: usize,
    pub(super) lane: usize,
}

/// The connections to one address for one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) target: usize,
    /// The first request that takes it, by its index in the target.
    pub(super) request: usize,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) lanes: Vec<Lane>,
    asks: Vec<Ask>,
    /// By target: where its requests begin in the row, and how they are chosen. Empty when every
    /// target has one request: target, request and lane are the same number then.
    mixes: Vec<(usize, Mix)>,
}

impl Layout {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut asks = Vec::new();
        let mut mixes = Vec::new();
        for (target, whole) in plan.targets.iter().enumerate() {
            mixes.push((asks.len(), Mix::new(whole, plan.seed)));
            for (index, request) in whole.requests().iter().enumerate() {
                let serves = |lane: &Lane| {
                    lane.target == target
                        && whole.requests()[lane.request].address == request.address
                };
                let lane = lanes.iter().position(serves).unwrap_or(lanes.len());
                if lane == lanes.len() {
                    lanes.push(Lane {
                        target,
                        request: index,
                    });
                }
                asks.push(Ask {
                    target,
                    request: asks.len(),
                    lane,
                });
            }
        }
        if !plan.targets.iter().any(Target::is_mix) {
            mixes.clear();
        }
        Self { lanes, asks, mixes }
    }

    /// Every request of the plan, in the order of the row.
    pub(super) fn requests(plan: &Plan) -> impl Iterator<Item = &Request> {
        plan.targets.iter().flat_map(Target::requests)
    }

    /// The target of each request of the row, and nothing when none is chosen.
    pub(super) fn owners(&self) -> impl Iterator<Item = usize> {
        let counted = if self.mixes.is_empty() {
            0
        } else {
            self.asks.len()
        };
        self.asks[..counted].iter().map(|ask| ask.target)
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
        self.asks[first + mix.choose(number())]
    }

    /// The request that is asked.
    pub(super) fn request<'plan>(&self, plan: &'plan Plan, ask: Ask) -> &'plan Request {
        let requests = plan.targets[ask.target].requests();
        match self.mixes.get(ask.target) {
            Some((first, _)) => &requests[ask.request - first],
            None => &requests[0],
        }
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
