//! What every call to AWS has in common: HTTP, credentials, the deadline of an attempt; and what its failures mean.

use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::task::AbortHandle;

use crate::config::Settings;
use crate::credentials::Credentials;
use crate::error::{Error, Kind};
use crate::region::{Region, parameter};
use crate::runtime::look_up;

/// Deadline of one attempt at SSM; nobody waits for it on a request's way.
const SSM_ATTEMPT: Duration = Duration::from_millis(1500);
/// Characters of a cause that are passed on; the credentials chain has the most to say.
const LONGEST_CAUSE: usize = 900;

/// Makes SDK clients that share connections and credentials.
#[derive(Clone)]
pub struct Aws {
    settings: Arc<Settings>,
    http: SharedHttpClient,
    credentials: Credentials,
}

impl Aws {
    /// For these settings. Nothing is asked for yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        let http = aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc)).build_with_resolver(Names);
        let credentials = Credentials::new(settings.profile.clone(), settings.regions[0].clone(), http.clone());
        Aws { settings, http, credentials }
    }

    /// Refreshes the credentials ahead of their expiry, for ever.
    pub async fn keep_credentials(self) {
        self.credentials.keep().await;
    }

    /// Waits for the first credentials. The client would count that as the Region's silence; it is this host's own trouble.
    ///
    /// # Errors
    /// [`Kind::Config`] when there are none, or none in time for an attempt to follow.
    pub async fn credentials_ready(&self) -> Result<(), Error> {
        if self.credentials.are_held() {
            return Ok(());
        }
        let limit = self.settings.request_timeout.saturating_sub(self.settings.attempt_timeout).max(self.settings.connect_timeout);
        match tokio::time::timeout(limit, self.credentials.provide_credentials()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Error::new(Kind::Config, parameter::line(&credentials_cause(&root_cause(&error)), LONGEST_CAUSE))),
            Err(_) => Err(Error::new(Kind::Config, credentials_cause(&format!("no answer within {} ms", limit.as_millis())))),
        }
    }

    /// A DynamoDB client for `region`.
    #[must_use]
    pub fn dynamodb(&self, region: &Region) -> aws_sdk_dynamodb::Client {
        // How long an attempt may take is `call`'s business.
        let timeouts = TimeoutConfig::builder().connect_timeout(self.settings.connect_timeout).build();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_dynamodb::config::Region::new(region.to_string()))
            .http_client(self.http.clone())
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .identity_cache(aws_sdk_dynamodb::config::IdentityCache::no_cache())
            .timeout_config(timeouts)
            // `call` tries again, and knows what the client cannot: which Region to try.
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let config = match self.settings.endpoints.get(region) {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// An SSM client for `region`.
    #[must_use]
    pub fn ssm(&self, region: &Region) -> aws_sdk_ssm::Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.settings.connect_timeout.max(Duration::from_millis(500)))
            .operation_attempt_timeout(SSM_ATTEMPT)
            .build();
        let config = aws_sdk_ssm::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_ssm::config::Region::new(region.to_string()))
            .http_client(self.http.clone())
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .identity_cache(aws_sdk_ssm::config::IdentityCache::no_cache())
            .timeout_config(timeouts)
            // The next round is the retry: a host must not ask more often than its interval.
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let config = match self.settings.ssm_endpoints.get(region) {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        aws_sdk_ssm::Client::from_conf(config.build())
    }
}

/// The C library's look-ups of names, which know of forks.
#[derive(Debug, Clone)]
struct Names;

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let name = name.to_owned();
        DnsFuture::new(async move {
            let asked = tokio::task::spawn_blocking(move || look_up(|| (name, 0).to_socket_addrs()));
            let _wanted = Wanted(asked.abort_handle());
            let found = asked.await;
            let found = found.unwrap_or_else(|broke_off| Err(std::io::Error::other(broke_off)));
            found.map(|addresses| addresses.map(|address| address.ip()).collect()).map_err(ResolveDnsError::new)
        })
    }
}

/// A look-up that somebody waits for: one that nobody does any more, and that has not begun, is taken off the queue.
struct Wanted(AbortHandle);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The DynamoDB endpoint of `region`: the override, or AWS's own for its partition.
#[must_use]
pub fn endpoint(service: &str, region: &Region, overrides: &std::collections::BTreeMap<Region, String>) -> String {
    if let Some(url) = overrides.get(region) {
        return url.clone();
    }
    let suffix = if region.as_str().starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{suffix}")
}

/// What an SDK failure means for us. Its words come from the network: one line of a bounded length is made of them.
pub fn translate<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let mut error = classify(error);
    error.cause = parameter::line(&error.cause, LONGEST_CAUSE);
    error
}

fn classify<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match &error {
        SdkError::TimeoutError(_) => Error::new(Kind::Timeout, "no answer in time"),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_timeout() { Kind::Timeout } else { Kind::Unavailable };
            let cause = root_cause(&error);
            if is_credentials(&error) { Error::new(Kind::Config, credentials_cause(&cause)) } else { Error::new(kind, cause) }
        }
        SdkError::ResponseError(_) => Error::new(Kind::Unavailable, format!("an answer that cannot be read: {}", root_cause(&error))),
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            service(context.err().code().unwrap_or_default(), context.err().message().unwrap_or_default(), status)
        }
        _ if is_credentials(&error) => Error::new(Kind::Config, credentials_cause(&root_cause(&error))),
        _ => Error::new(Kind::Internal, root_cause(&error)),
    }
}

/// A service's error code as a kind. Messages of AWS name actions, resources and limits, never values of ours.
fn service(code: &str, message: &str, status: u16) -> Error {
    let code = code.rsplit('#').next().unwrap_or(code);
    let kind = match code {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "LimitExceededException" => Kind::Throttled,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "InvalidClientTokenId"
        | "IncompleteSignature"
        | "ExpiredTokenException"
        | "ExpiredToken" => Kind::Access,
        "ResourceNotFoundException" | "ParameterNotFound" => Kind::NotFound,
        "ConditionalCheckFailedException" => Kind::Condition,
        "ValidationException" => Kind::Config,
        _ if status >= 500 => Kind::Unavailable,
        _ => Kind::Config,
    };
    let cause = match (code, message) {
        ("", "") => format!("HTTP status {status}"),
        ("", message) => format!("{message} (HTTP status {status})"),
        (code, "") => format!("{code} (HTTP status {status})"),
        (code, message) => format!("{code}: {message}"),
    };
    Error::new(kind, cause)
}

fn credentials_cause(cause: &str) -> String {
    // The chain reports each provider on a line of its own; a log line is one line.
    let cause = cause.lines().map(str::trim).collect::<Vec<_>>().join("; ");
    format!("no AWS credentials: {cause}; give the host a role, or set them in the environment or in wp_dynamodb.credentials_profile")
}

fn is_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|e| e.is::<aws_credential_types::provider::error::CredentialsError>())
}

/// The innermost words of a failure; an operating system error by its plain name.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    for e in chain(error) {
        if let Some(io) = e.downcast_ref::<std::io::Error>()
            && io.raw_os_error().is_some()
        {
            return match io.kind() {
                std::io::ErrorKind::ConnectionRefused => "connection refused".into(),
                std::io::ErrorKind::ConnectionReset => "connection reset".into(),
                _ => io.to_string(),
            };
        }
    }
    let words: Vec<String> = chain(error).map(|e| e.to_string()).collect();
    if words.iter().any(|w| w.contains("dns error")) {
        return "the endpoint's name cannot be resolved".into();
    }
    words.last().cloned().unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn std::error::Error + 'static)) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |e| e.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_follow_the_partition() {
        let none = std::collections::BTreeMap::new();
        let url = |r: &str| endpoint("dynamodb", &Region::parse(r).expect("a Region"), &none);
        assert_eq!(url("us-east-1"), "https://dynamodb.us-east-1.amazonaws.com");
        assert_eq!(url("cn-north-1"), "https://dynamodb.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn service_errors_have_kinds() {
        for (code, status, kind) in [
            ("ProvisionedThroughputExceededException", 400, Kind::Throttled),
            ("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", 400, Kind::NotFound),
            ("AccessDeniedException", 400, Kind::Access),
            ("ConditionalCheckFailedException", 400, Kind::Condition),
            ("ValidationException", 400, Kind::Config),
            ("InternalServerError", 500, Kind::Unavailable),
            ("", 503, Kind::Unavailable),
        ] {
            assert_eq!(service(code, "m", status).kind, kind, "{code}");
        }
        assert_eq!(service("", "", 503).cause, "HTTP status 503");
    }
}
