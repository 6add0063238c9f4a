//! What DynamoDB says of a table: for the settings page and the doctor.

use aws_sdk_dynamodb::types::{BillingMode, KeyType, TimeToLiveStatus};
use serde::Serialize;

use super::dynamo::Dynamo;
use crate::aws;
use crate::error::Error;
use crate::region::Region;

/// A table in one Region.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// `ACTIVE` when it can be used.
    pub status: String,
    /// The keys, the partition key first.
    pub keys: Vec<TableKey>,
    /// The attribute that TTL looks at; none: TTL is off.
    pub ttl: Option<String>,
    /// `PAY_PER_REQUEST` or `PROVISIONED`.
    pub billing: String,
    /// The other Regions that have a replica.
    pub replicas: Vec<String>,
    /// Items, as counted every few hours.
    pub items: i64,
}

/// One key of a table.
#[derive(Debug, Clone, Serialize)]
pub struct TableKey {
    /// The attribute.
    pub name: String,
    /// `S`, `N` or `B`.
    pub kind: String,
    /// `HASH` or `RANGE`.
    pub role: String,
}

impl Dynamo {
    /// Asks one Region for a table.
    ///
    /// # Errors
    /// [`crate::Kind::NotFound`]: there is none; else as any call.
    pub async fn describe(&self, region: &Region, table: &str) -> Result<Table, Error> {
        let at = |error: Error, operation| error.at(operation, region, format!("table {table}"));
        let client = self.client(region)?;
        let described = client.describe_table().table_name(table).send().await.map_err(|e| at(aws::translate(e), "DescribeTable"))?;
        let ttl = client.describe_time_to_live().table_name(table).send().await;
        let ttl = ttl.map_err(|e| at(aws::translate(e), "DescribeTimeToLive"))?.time_to_live_description;
        let found = described.table.unwrap_or_else(|| aws_sdk_dynamodb::types::TableDescription::builder().build());
        let kind_of = |name: &str| {
            let definitions = found.attribute_definitions();
            definitions.iter().find(|d| d.attribute_name() == name).map(|d| d.attribute_type().as_str().to_owned()).unwrap_or_default()
        };
        let mut keys: Vec<TableKey> = found
            .key_schema()
            .iter()
            .map(|key| TableKey {
                name: key.attribute_name().to_owned(),
                kind: kind_of(key.attribute_name()),
                role: key.key_type().as_str().to_owned(),
            })
            .collect();
        keys.sort_by_key(|key| key.role != KeyType::Hash.as_str());
        let on = |status: &TimeToLiveStatus| matches!(status, TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling);
        let billing = found.billing_mode_summary().and_then(|summary| summary.billing_mode()).unwrap_or(&BillingMode::Provisioned);
        Ok(Table {
            status: found.table_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            keys,
            ttl: ttl.filter(|ttl| ttl.time_to_live_status().is_some_and(on)).and_then(|ttl| ttl.attribute_name),
            billing: billing.as_str().to_owned(),
            replicas: found.replicas().iter().filter_map(|replica| replica.region_name().map(str::to_owned)).collect(),
            items: found.item_count().unwrap_or_default(),
        })
    }
}
