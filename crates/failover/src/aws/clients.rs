//! SDK clients of each Region, with their deadlines.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use wp_dynamodb_core::Region;

use crate::settings::Settings;

/// No connection within this time is none.
const CONNECT: Duration = Duration::from_secs(1);
/// A call to the controller's own bookkeeping, or of the parameter, with its tries.
const CALL: Duration = Duration::from_secs(4);

/// Clients of all Regions.
pub struct Clients {
    dynamodb: BTreeMap<Region, aws_sdk_dynamodb::Client>,
    ssm: BTreeMap<Region, aws_sdk_ssm::Client>,
    steps: aws_sdk_sfn::Client,
    config: SdkConfig,
}

impl Clients {
    /// Makes them. Credentials are those of the process, as in every AWS SDK.
    pub async fn new(settings: &Settings) -> Clients {
        let http = aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc)).build_https();
        let attempt = settings.signal_timeout.max(Duration::from_millis(100));
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT.min(attempt)).operation_attempt_timeout(attempt).operation_timeout(CALL);
        let home = aws_config::Region::new(settings.policy.home.to_string());
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(home)
            .http_client(http)
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(100)))
            .load()
            .await;
        let mut dynamodb = BTreeMap::new();
        let mut ssm = BTreeMap::new();
        for region in &settings.policy.regions {
            let place = aws_config::Region::new(region.to_string());
            let mut builder = aws_sdk_dynamodb::config::Builder::from(&config).region(place.clone());
            builder.set_endpoint_url(settings.endpoints.get(region).cloned());
            dynamodb.insert(region.clone(), aws_sdk_dynamodb::Client::from_conf(builder.build()));
            let mut builder = aws_sdk_ssm::config::Builder::from(&config).region(place);
            builder.set_endpoint_url(settings.ssm_endpoints.get(region).cloned());
            ssm.insert(region.clone(), aws_sdk_ssm::Client::from_conf(builder.build()));
        }
        let mut builder = aws_sdk_sfn::config::Builder::from(&config);
        builder.set_endpoint_url(settings.steps_endpoint.clone());
        let steps = aws_sdk_sfn::Client::from_conf(builder.build());
        Clients { dynamodb, ssm, steps, config }
    }

    /// DynamoDB in `region`, one of the settings'.
    #[must_use]
    pub fn dynamodb(&self, region: &Region) -> &aws_sdk_dynamodb::Client {
        &self.dynamodb[region]
    }

    /// SSM in `region`, one of the settings'.
    #[must_use]
    pub fn ssm(&self, region: &Region) -> &aws_sdk_ssm::Client {
        &self.ssm[region]
    }

    /// Step Functions in the own Region.
    #[must_use]
    pub fn steps(&self) -> &aws_sdk_sfn::Client {
        &self.steps
    }

    /// What all of them have in common.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}
