//! What one worker counts, without a network.

use std::time::Duration;

use super::*;
use crate::loadtest::plan::Target;
use crate::redact::SecretUrl;

#[cfg(unix)]
#[test]
fn the_warm_up_costs_no_processor_time() {
    let target = Target::new(&SecretUrl::new("http://h/"), "GET", Vec::new(), Vec::new());
    let mut plan = Plan::new(target.expect("a target"));
    plan.warmup = Duration::from_secs(1);
    let plan = Arc::new(plan);
    let (sender, receiver) = mpsc::channel();
    let mut collector = Collector::new(&plan, &Arc::new(Layout::new(&plan)), sender);
    let timeline = Timeline::new(&plan, 0);
    collector.begin(timeline);
    let begun = processor::thread_seconds();
    while processor::thread_seconds() - begun < 0.05 {
        std::hint::spin_loop();
    }
    collector.advance(timeline.measured);
    collector.end(timeline.measured + 1);
    let finished = receiver.into_iter().find_map(|message| match message {
        Message::Finished(finished) => Some(finished),
        _ => None,
    });
    let used = finished.expect("an end").client.cpu_seconds;
    assert!((0.0..0.05).contains(&used), "{used}");
}
