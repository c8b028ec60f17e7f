//! Requests one by one, before the load: each answer is kept whole, so that it can be looked at. Over
//! the general engine, whatever engine the load takes.

use std::time::Duration;

use super::Unreachable;
use super::connect::{Route, Security};
use super::failure::Failure;
use super::general;
use crate::loadtest::plan::{Engine, General, Plan, Request};
use crate::traffic::Answer;

/// Bytes of a body that are kept.
const LONGEST_BODY: usize = 8 * 1024 * 1024;
/// How often the stop is looked at.
const WATCH: Duration = Duration::from_millis(50);

/// Asks the host of a plan's first target.
pub struct Probe<'run> {
    plan: &'run Plan,
    stop: &'run dyn Fn() -> bool,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The run was stopped.
    Stopped,
    /// In words that hold no secret.
    Failed(String),
}

impl<'run> Probe<'run> {
    pub fn new(plan: &'run Plan, stop: &'run dyn Fn() -> bool) -> Result<Self, Unreachable> {
        let first = plan.targets[0].first();
        let unreachable = |failure: &Failure| Unreachable {
            target: 0,
            request: 0,
            kind: failure.kind,
            words: failure.to_string(),
            connections: 1,
            elapsed: Duration::ZERO,
        };
        let route = Route::find(plan, first, &Security::default())
            .map_err(|failure| unreachable(&failure))?;
        let options = match &plan.engine {
            Engine::General(options) => options.clone(),
            Engine::Http1 | Engine::Http2 => General::default(),
        };
        let client = general::client(plan, first, &route, &options)
            .map_err(|failure| unreachable(&failure))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unreachable(&Failure::exchanging(error)))?;
        let probe = Self {
            plan,
            stop,
            runtime,
            client,
        };
        let clock = super::timeline::Clock::start();
        let connected = probe.runtime.block_on(route.connect(clock, plan.timeout));
        connected.map_err(|failure| unreachable(&failure))?;
        Ok(probe)
    }

    /// Sends one request and reads its answer.
    pub fn ask(&self, planned: &Request) -> Result<Answer, Silence> {
        let failed = |failure: &Failure| Silence::Failed(failure.to_string());
        let request = general::build(&self.client, planned, self.plan.reuse)
            .map_err(|failure| failed(&failure))?;
        let exchange = async {
            match tokio::time::timeout(self.plan.timeout, self.exchange(request)).await {
                Ok(answer) => answer.map_err(|failure| failed(&failure)),
                Err(_) => Err(Silence::Failed("timed out".to_owned())),
            }
        };
        self.runtime.block_on(async {
            let mut exchange = std::pin::pin!(exchange);
            loop {
                tokio::select! {
                    answer = &mut exchange => return answer,
                    () = tokio::time::sleep(WATCH) => {
                        if (self.stop)() {
                            return Err(Silence::Stopped);
                        }
                    }
                }
            }
        })
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<Answer, Failure> {
        let sent = self.client.execute(request).await;
        let mut received = sent.map_err(|error| general::failure(&error))?;
        let headers = received.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let mut answer = Answer {
            status: received.status().as_u16(),
            headers: headers.collect(),
            ..Answer::default()
        };
        while let Some(piece) = received
            .chunk()
            .await
            .map_err(|error| general::failure(&error))?
        {
            let room = LONGEST_BODY - answer.body.len();
            answer
                .body
                .extend_from_slice(&piece[..room.min(piece.len())]);
            if piece.len() > room {
                answer.is_cut = true;
                break;
            }
        }
        Ok(answer)
    }
}
