//! AWS credentials, refreshed in the background ahead of their expiry, so that no page waits for a refresh.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::region::Region;

/// New ones are fetched so long before the old ones expire.
const AHEAD: Duration = Duration::from_secs(300);
/// Credentials without expiry are read again so often: files and environments change.
const REREAD: Duration = Duration::from_secs(900);
/// After a failure nobody asks again for so long: a host without credentials must not make each page wait for the metadata service.
const PAUSE: Duration = Duration::from_secs(2);
/// A provider that has not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cache over the default chain.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    profile: Option<String>,
    region: Region,
    http: SharedHttpClient,
    chain: OnceCell<DefaultCredentialsChain>,
    held: Mutex<Held>,
    /// One fetch at a time; the others wait for its result.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    credentials: Option<aws_credential_types::Credentials>,
    failed: Option<(Instant, String)>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Credentials {
    /// The default chain (environment, profile, web identity, ECS, EC2), or the given profile of the shared configuration.
    pub(crate) fn new(profile: Option<String>, region: Region, http: SharedHttpClient) -> Self {
        Credentials(Arc::new(Inner {
            profile,
            region,
            http,
            chain: OnceCell::new(),
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held and has not expired, or the failure of a moment ago.
    fn cached(&self) -> Option<Result<aws_credential_types::Credentials, CredentialsError>> {
        let held = self.held();
        if let Some(credentials) = &held.credentials
            && credentials.expiry().is_none_or(|at| at > SystemTime::now())
        {
            return Some(Ok(credentials.clone()));
        }
        match &held.failed {
            Some((at, cause)) if at.elapsed() < PAUSE => Some(Err(CredentialsError::provider_error(cause.clone()))),
            _ => None,
        }
    }

    /// Whether there are some that have not expired.
    pub(crate) fn are_held(&self) -> bool {
        self.held().credentials.as_ref().is_some_and(|c| c.expiry().is_none_or(|at| at > SystemTime::now()))
    }

    async fn fetch(&self) -> Result<aws_credential_types::Credentials, CredentialsError> {
        let inner = &self.0;
        let chain = inner
            .chain
            .get_or_init(|| async {
                let region = aws_config::Region::new(inner.region.to_string());
                let configuration = ProviderConfig::empty().with_region(Some(region.clone())).with_http_client(inner.http.clone());
                let builder = DefaultCredentialsChain::builder().configure(configuration).region(region);
                match &inner.profile {
                    Some(profile) => builder.profile_name(profile).build().await,
                    None => builder.build().await,
                }
            })
            .await;
        let result = tokio::time::timeout(PATIENCE, chain.provide_credentials())
            .await
            .unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(PATIENCE)));
        let mut held = self.held();
        match &result {
            Ok(credentials) => *held = Held { credentials: Some(credentials.clone()), failed: None },
            Err(error) => held.failed = Some((Instant::now(), words(error))),
        }
        result
    }

    /// Fetches new credentials ahead of the old ones' expiry, once somebody has needed some; for ever.
    pub(crate) async fn keep(&self) {
        loop {
            let wait = match self.held().credentials.as_ref().map(|c| c.expiry()) {
                None => PAUSE,
                Some(None) => REREAD,
                Some(Some(at)) => {
                    let left = at.duration_since(SystemTime::now()).unwrap_or_default();
                    // Short-lived ones: at half of what is left.
                    left.checked_sub(AHEAD).unwrap_or(left / 2).max(PAUSE)
                }
            };
            tokio::time::sleep(wait).await;
            if self.held().credentials.is_some() {
                let _one = self.0.fetching.lock().await;
                // A failure keeps the old ones, which are good until they expire; the next turn tries again.
                let _ = self.fetch().await;
            }
        }
    }
}

impl ProvideCredentials for Credentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        if let Some(cached) = self.cached() {
            return future::ProvideCredentials::ready(cached);
        }
        // In a task of its own: a page that gives up must not leave a fetch half done, and each page after it start another (a process, say).
        let this = self.clone();
        let fetch = tokio::spawn(async move {
            let _one = this.0.fetching.lock().await;
            match this.cached() {
                Some(cached) => cached,
                None => this.fetch().await,
            }
        });
        future::ProvideCredentials::new(async move { fetch.await.unwrap_or_else(|error| Err(CredentialsError::unhandled(error))) })
    }
}

/// The innermost words of a failure.
fn words(error: &dyn std::error::Error) -> String {
    let mut innermost = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        innermost = error.to_string();
        next = error.source();
    }
    innermost
}
