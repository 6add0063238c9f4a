//! The parameter in each Region.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::region::parameter::parse;
use wp_dynamodb_core::{Kind, Region};

use crate::settings::Settings;
use crate::signal::Reading;

/// Reads it.
pub async fn read(client: &Client, settings: &Settings, region: &Region) -> Reading {
    let get = client.get_parameter().name(&settings.parameter).send();
    let output = match tokio::time::timeout(settings.signal_timeout, get).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            let error = translate(error);
            return if error.kind == Kind::NotFound { Reading::Missing } else { Reading::Failed(error.cause) };
        }
        Err(_) => return Reading::Failed(format!("no answer of SSM in {region} within {} ms", settings.signal_timeout.as_millis())),
    };
    let Some(parameter) = output.parameter else { return Reading::Failed("an answer without parameter".to_owned()) };
    let value = parameter.value.unwrap_or_default();
    let modified = parameter.last_modified_date.and_then(|d| d.to_millis().ok());
    match parse(&value, &settings.policy.regions) {
        Ok(named) => Reading::Value {
            active: settings.policy.regions[named.region].clone(),
            value: value.trim().to_owned(),
            modified_ms: modified.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default(),
        },
        Err(bad) => Reading::Bad(format!("\"{}\": {}", bad.shown, bad.reason)),
    }
}

/// Writes it.
///
/// # Errors
/// What SSM said, with the parameter and the Region.
pub async fn write(client: &Client, settings: &Settings, region: &Region, value: &str) -> Result<(), String> {
    let put = client.put_parameter().name(&settings.parameter).value(value).r#type(ParameterType::String).overwrite(true);
    let result = put.send().await.map_err(translate);
    result.map(|_| ()).map_err(|e| format!("PutParameter {} in {region}: {}", settings.parameter, e.cause))
}
