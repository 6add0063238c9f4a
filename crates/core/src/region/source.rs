//! Asking SSM for the parameter, per Region.

use std::collections::HashMap;

use aws_sdk_ssm::Client;
use once_cell::sync::OnceCell;

use crate::aws::{self, Aws};
use crate::error::{Error, Kind};
use crate::region::Region;
use crate::store::Reply;

/// A parameter as one Region's SSM has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its value, unchecked.
    pub value: String,
    /// Its `LastModifiedDate`, in milliseconds since 1970.
    pub modified_ms: u64,
    /// How often it has been written, with its creation.
    pub version: i64,
}

/// Where parameters are read.
pub trait ParameterSource: Send + Sync {
    /// The parameter in `region`; `None` when there is none.
    fn read<'a>(&'a self, region: &'a Region) -> Reply<'a, Option<Parameter>>;
}

/// The AWS Systems Manager parameter store.
pub struct Ssm {
    aws: Aws,
    name: String,
    clients: HashMap<Region, OnceCell<Client>>,
}

impl Ssm {
    /// Reads the parameter `name` in `regions`.
    #[must_use]
    pub fn new(aws: Aws, name: String, regions: &[Region]) -> Self {
        Ssm { aws, name, clients: regions.iter().map(|r| (r.clone(), OnceCell::new())).collect() }
    }
}

impl ParameterSource for Ssm {
    fn read<'a>(&'a self, region: &'a Region) -> Reply<'a, Option<Parameter>> {
        Box::pin(async move {
            let cell = self.clients.get(region).ok_or_else(|| Error::new(Kind::Internal, "unknown Region"))?;
            let client = cell.get_or_init(|| self.aws.ssm(region));
            let place = |error: Error| error.at("GetParameter", region, format!("parameter {}", self.name));
            match client.get_parameter().name(&self.name).send().await {
                Ok(output) => {
                    let parameter = output.parameter.ok_or_else(|| place(Error::new(Kind::Unavailable, "an answer without parameter")))?;
                    let modified = parameter.last_modified_date.and_then(|d| d.to_millis().ok()).unwrap_or_default();
                    Ok(Some(Parameter {
                        value: parameter.value.unwrap_or_default(),
                        modified_ms: u64::try_from(modified).unwrap_or_default(),
                        version: parameter.version,
                    }))
                }
                Err(error) => match aws::translate(error) {
                    error if error.kind == Kind::NotFound => Ok(None),
                    error => Err(place(error)),
                },
            }
        })
    }
}
