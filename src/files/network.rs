//! Documents by URL: bounded in time and in size, their credentials never printed.

use std::pin::Pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use url::Url;

use super::read::{LARGEST, MISSING};
use crate::failure::{Failure, Interruption};
use crate::redact::SecretUrl;

/// All URLs of a run together, in times of what one may take.
const ALL_TOGETHER: u32 = 10;
const MOST_REDIRECTS: usize = 10;
const WANTED: &str = "a URL must lead to the document itself, in YAML or JSON";

/// Resolves when somebody asks the run to stop.
pub type Stop = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Interruption>>>>;

/// One client for all documents of a run.
pub(super) struct Network {
    stop: Option<Stop>,
    /// For connecting, redirects and the whole body together.
    limit: Duration,
    started: OnceLock<Instant>,
    connection: OnceLock<(tokio::runtime::Runtime, reqwest::Client)>,
}

impl Network {
    pub(super) const fn new(limit: Duration, stop: Option<Stop>) -> Self {
        Self {
            stop,
            limit,
            started: OnceLock::new(),
            connection: OnceLock::new(),
        }
    }

    /// Reads an http or https URL: where redirects led to, and the bytes.
    pub(super) fn read(&self, url: &SecretUrl) -> Result<(Url, Vec<u8>), Failure> {
        let (runtime, client) = self.connection(url)?;
        let together = self.limit * ALL_TOGETHER;
        let left = together.saturating_sub(self.started.get_or_init(Instant::now).elapsed());
        if left.is_zero() {
            let seconds = together.as_secs();
            let failure = Failure::environment(format!(
                "`{url}` was not asked for: all documents together took {seconds} s"
            ));
            return Err(failure.hint("`--timeout SECONDS` gives each of them more time"));
        }
        let limit = self.limit.min(left);
        let stopped = async {
            match &self.stop {
                Some(stop) => stop().await,
                None => std::future::pending().await,
            }
        };
        runtime.block_on(async {
            tokio::select! {
                signal = stopped => Err(Failure::interrupted(
                    signal,
                    format!("interrupted while `{url}` was read; nothing was written"),
                )),
                () = tokio::time::sleep(limit) => Err(Failure::environment(format!(
                    "`{url}` did not answer in full within {} s",
                    limit.as_secs_f64().ceil()
                ))
                .hint("`--timeout SECONDS` gives it more time")),
                result = fetch(client, url) => result,
            }
        })
    }

    fn connection(
        &self,
        url: &SecretUrl,
    ) -> Result<&(tokio::runtime::Runtime, reqwest::Client), Failure> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        // A provider that is there already does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unreachable_address(url).cause(error.to_string()))?;
        let client = reqwest::Client::builder()
            .user_agent(concat!("backsmith/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::limited(MOST_REDIRECTS))
            .build()
            .map_err(|error| unreachable_address(url).cause(chain(error)))?;
        Ok(self.connection.get_or_init(|| (runtime, client)))
    }
}

async fn fetch(client: &reqwest::Client, url: &SecretUrl) -> Result<(Url, Vec<u8>), Failure> {
    let address = Url::parse(url.expose()).map_err(|error| {
        Failure::input(format!("`{url}` is not a valid URL")).cause(error.to_string())
    })?;
    let mut response = client
        .get(address)
        .header("accept", "application/yaml, application/json, text/*, */*")
        .send()
        .await
        .map_err(|error| {
            if error.is_redirect() {
                let text = format!("`{url}` leads on and on: more than {MOST_REDIRECTS} redirects");
                return Failure::environment(text).hint(WANTED);
            }
            unreachable_address(url).cause(chain(error))
        })?;
    let status = response.status();
    if !status.is_success() {
        let failure = match status.as_u16() {
            404 | 410 => Failure::input(format!("`{url}` answered {status}")).code(MISSING),
            429 | 500.. => Failure::environment(format!("`{url}` answered {status}")),
            _ => Failure::input(format!("`{url}` answered {status}")),
        };
        return Err(failure.hint(WANTED));
    }
    let address = response.url().clone();
    let mut bytes = Vec::new();
    loop {
        let chunk = response
            .chunk()
            .await
            .map_err(|error| unreachable_address(url).cause(chain(error)))?;
        let Some(chunk) = chunk else {
            return Ok((address, bytes));
        };
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > LARGEST {
            let text = format!("`{url}` does not end: more than {} MiB came", LARGEST >> 20);
            return Err(Failure::environment(text).hint(WANTED));
        }
    }
}

fn unreachable_address(url: &SecretUrl) -> Failure {
    Failure::environment(format!("cannot read `{url}`"))
}

/// The innermost cause says the most; the outer ones repeat the URL with its credentials.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
