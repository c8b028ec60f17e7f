//! After a run against a rate limit: wait as long as the server asked for, then see whether it
//! lets requests through again.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Event;
use super::connect::Route;
use super::timeline::Clock;
use super::transport::Transport;
use crate::loadtest::http1::{Reader, Recent, Step};
use crate::loadtest::http2;
use crate::loadtest::plan::{Engine, Plan, Request, Reuse};
use crate::loadtest::recording::{Recording, Recovery};
use crate::loadtest::request::Prepared;
use crate::loadtest::template::Values;

/// Without a usable `Retry-After`.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// Nobody waits longer for the end of a load test.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Bytes that are read at once.
const BUFFER: usize = 16 * 1024;

/// What to ask again.
pub(super) struct Watch<'run> {
    pub(super) plan: &'run Plan,
    pub(super) target: usize,
    pub(super) route: &'run Route,
    pub(super) requests: u32,
}

/// Fills the recovery of a recording that met the limit, and leaves others alone.
pub(super) fn watch(
    watch: &Watch<'_>,
    recording: &mut Recording,
    stop: &dyn Fn() -> bool,
    events: &mut dyn FnMut(Event<'_>),
) {
    let Some(limit) = &mut recording.rate_limit else {
        return;
    };
    if limit.first_limited.is_none() || watch.requests == 0 {
        return;
    }
    let asked = limit.retry_after.longest_seconds.map(Duration::from_secs);
    let wait = asked.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT);
    events(Event::WatchingRecovery { wait });
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    let mut recovery = Recovery {
        waited: wait,
        ..Recovery::default()
    };
    runtime.block_on(until_stopped(stop, async {
        tokio::time::sleep(wait).await;
        for number in 0..watch.requests {
            recovery.sent += 1;
            let answer = status(watch, u64::from(number));
            match tokio::time::timeout(watch.plan.timeout, answer).await {
                Ok(Some(status)) if status != 429 => recovery.allowed += 1,
                _ => {}
            }
        }
    }));
    if recovery.sent > 0 {
        limit.recovery = Some(recovery);
    }
}

async fn until_stopped(stop: &dyn Fn() -> bool, work: impl Future<Output = ()>) {
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    std::future::poll_fn(|context| {
        while ticks.poll_tick(context).is_ready() {
            if stop() {
                return Poll::Ready(());
            }
        }
        work.as_mut().poll(context)
    })
    .await;
}

/// One request over a connection of its own.
async fn status(watch: &Watch<'_>, number: u64) -> Option<u16> {
    let request = watch.plan.targets[watch.target].first();
    let connected = watch
        .route
        .connect(Clock::start(), watch.plan.timeout)
        .await;
    let transport = connected.ok()?.transport;
    let filled = request.filling.as_ref().map(|filling| {
        let table = watch.plan.data.as_ref().map(|data| &data.table);
        // Numbers that the run itself does not reach.
        let mut values = Values::new(table, (1 << 60) + number, 0, number);
        request.filled(filling, &mut values)
    });
    let request = filled.as_ref().unwrap_or(request);
    match watch.plan.engine {
        Engine::Http2 => status_of_http2(transport, request).await,
        Engine::Http1 | Engine::General(_) => status_of_http1(transport, request).await,
    }
}

async fn status_of_http1(mut transport: Transport, request: &Request) -> Option<u16> {
    let prepared = Prepared::new(request, Reuse::Never);
    transport.write_all(&prepared.bytes).await.ok()?;
    transport.flush().await.ok()?;
    let mut reader = Reader::new(prepared.expects);
    let mut recent = Recent::default();
    reader.begin();
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = transport.read(&mut buffer).await.ok()?;
        if length == 0 {
            return reader.end().ok().map(|answer| answer.status);
        }
        if let Step::Complete(answer) = reader
            .feed(&buffer[..length], &mut recent, |_| false)
            .ok()?
        {
            return Some(answer.status);
        }
    }
}

async fn status_of_http2(mut transport: Transport, request: &Request) -> Option<u16> {
    let prepared = http2::Prepared::new(request);
    let sending = http2::Sending {
        block: &prepared.block,
        body: &prepared.body,
    };
    let mut connection = http2::Connection::new();
    connection.begin(prepared.expects);
    let mut room = http2::hpack::Room::default();
    let (mut out, mut buffer) = (Vec::new(), vec![0; BUFFER]);
    loop {
        connection.produce(sending, BUFFER, &mut out);
        if !out.is_empty() {
            transport.write_all(&out).await.ok()?;
            transport.flush().await.ok()?;
            out.clear();
            // There may be more of the body.
            continue;
        }
        let length = transport.read(&mut buffer).await.ok()?;
        if length == 0 {
            return None;
        }
        let fed = connection.feed(&buffer[..length], &mut room, |_| false);
        if let http2::Step::Complete(answer) = fed.ok()? {
            return Some(answer.status);
        }
    }
}
