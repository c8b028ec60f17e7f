//! A document by URL: bounded in time and in size, its credentials never printed.

use std::sync::Arc;
use std::time::Duration;

use super::read::decode;
use crate::failure::Failure;
use crate::redact::SecretUrl;
use crate::text::SourceFile;

/// For connecting, redirects and the whole body together.
const LONGEST: Duration = Duration::from_secs(30);
/// Larger than any API description that was seen, by far.
const LARGEST: usize = 256 << 20;

/// Reads an http or https URL as UTF-8 text.
pub(super) fn read(url: &SecretUrl) -> Result<Arc<SourceFile>, Failure> {
    // A provider that is there already does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unreachable_address(url).cause(error.to_string()))?;
    let bytes = runtime.block_on(async {
        match tokio::time::timeout(LONGEST, fetch(url)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::environment(format!(
                "`{url}` did not answer in {} s",
                LONGEST.as_secs()
            ))),
        }
    })?;
    decode(&url.to_string(), bytes)
}

async fn fetch(url: &SecretUrl) -> Result<Vec<u8>, Failure> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("backsmith/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| unreachable_address(url).cause(chain(error)))?;
    let address = reqwest::Url::parse(url.expose()).map_err(|error| {
        Failure::input(format!("`{url}` is not a valid URL")).cause(error.to_string())
    })?;
    let mut response = client
        .get(address)
        .send()
        .await
        .map_err(|error| unreachable_address(url).cause(chain(error)))?;
    let status = response.status();
    if !status.is_success() {
        let failure = if status.is_server_error() {
            Failure::environment(format!("`{url}` answered {status}"))
        } else {
            Failure::input(format!("`{url}` answered {status}"))
        };
        return Err(failure.hint("a URL must lead to the document itself, in YAML or JSON"));
    }
    let mut bytes = Vec::new();
    loop {
        let chunk = response
            .chunk()
            .await
            .map_err(|error| unreachable_address(url).cause(chain(error)))?;
        let Some(chunk) = chunk else {
            return Ok(bytes);
        };
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(Failure::input(format!(
                "`{url}` is larger than {} MiB",
                LARGEST >> 20
            )));
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
