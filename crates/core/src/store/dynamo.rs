//! The item store in DynamoDB, through the AWS SDK.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use once_cell::sync::OnceCell;

use crate::aws::{self, Aws};
use crate::error::{Error, Kind};
use crate::region::Region;
use crate::store::copies::{UPDATED_AT, WRITER};
use crate::store::{Attribute, Change, Item, Key, LOCK, LOCK_UNTIL, Lock, Reply, Store, Update};

/// Clients by Region, made when first needed.
pub struct Dynamo {
    aws: Aws,
    clients: HashMap<Region, OnceCell<Client>>,
}

impl Dynamo {
    /// For tables in `regions`.
    #[must_use]
    pub fn new(aws: Aws, regions: &[Region]) -> Self {
        Dynamo { aws, clients: regions.iter().map(|r| (r.clone(), OnceCell::new())).collect() }
    }

    pub(super) fn client(&self, region: &Region) -> Result<&Client, Error> {
        let cell = self.clients.get(region).ok_or_else(|| Error::new(Kind::Internal, "a Region that is not in wp_dynamodb.regions"))?;
        Ok(cell.get_or_init(|| self.aws.dynamodb(region)))
    }
}

fn place(error: Error, operation: &'static str, region: &Region, key: &Key) -> Error {
    error.at(operation, region, format!("table {}", key.table))
}

impl Store for Dynamo {
    fn ready(&self) -> Reply<'_, ()> {
        Box::pin(self.aws.credentials_ready())
    }

    fn get<'a>(&'a self, region: &'a Region, key: &'a Key, consistent: bool) -> Reply<'a, Option<Item>> {
        Box::pin(async move {
            let output = self
                .client(region)?
                .get_item()
                .table_name(&key.table)
                .key(&key.attribute, AttributeValue::S(key.value.clone()))
                .consistent_read(consistent)
                .send()
                .await
                .map_err(|e| place(aws::translate(e), "GetItem", region, key))?;
            Ok(output.item.map(|item| item.into_iter().map(|(name, value)| (name, from_aws(value))).collect()))
        })
    }

    fn update<'a>(&'a self, region: &'a Region, key: &'a Key, update: &'a Update) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut request =
                self.client(region)?.update_item().table_name(&key.table).key(&key.attribute, AttributeValue::S(key.value.clone()));
            // Names always through placeholders: hundreds of words are reserved.
            let (mut set, mut add, mut remove) = (Vec::new(), Vec::new(), Vec::new());
            for (number, (name, change)) in update.changes.iter().enumerate() {
                request = request.expression_attribute_names(format!("#n{number}"), name);
                match change {
                    Change::Set(value) => {
                        request = request.expression_attribute_values(format!(":v{number}"), to_aws(value));
                        set.push(format!("#n{number} = :v{number}"));
                    }
                    Change::Add(n) => {
                        request = request.expression_attribute_values(format!(":v{number}"), AttributeValue::N(n.to_string()));
                        add.push(format!("#n{number} :v{number}"));
                    }
                    Change::Remove => remove.push(format!("#n{number}")),
                }
            }
            let clauses = [("SET", set), ("ADD", add), ("REMOVE", remove)];
            let expression: Vec<String> =
                clauses.iter().filter(|(_, parts)| !parts.is_empty()).map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect();
            request = request.update_expression(expression.join(" "));
            if let Some(token) = &update.holds {
                request = request
                    .expression_attribute_names("#lock", LOCK)
                    .expression_attribute_values(":held", AttributeValue::S(token.clone()));
                // A try before this one may have been carried out and its answer lost: it has taken the lock off.
                let number = |wanted: &str| {
                    let mut changes = update.changes.iter();
                    changes.position(|(name, change)| name == wanted && matches!(change, Change::Set(_)))
                };
                let done = number(UPDATED_AT)
                    .zip(number(WRITER))
                    .map(|(at, writer)| format!(" OR (attribute_not_exists(#lock) AND #n{at} = :v{at} AND #n{writer} = :v{writer})"));
                request = request.condition_expression(format!("#lock = :held{}", done.unwrap_or_default()));
            } else if update.must_exist {
                request = request.expression_attribute_names("#key", &key.attribute).condition_expression("attribute_exists(#key)");
            }
            request.send().await.map_err(|e| place(aws::translate(e), "UpdateItem", region, key))?;
            Ok(())
        })
    }

    fn lock<'a>(&'a self, region: &'a Region, key: &'a Key, lock: &'a Lock) -> Reply<'a, Item> {
        Box::pin(async move {
            let text = |text: &str| AttributeValue::S(text.to_owned());
            let number = |n: i64| AttributeValue::N(n.to_string());
            // Its own token: the answer to an earlier try was lost.
            let free = "attribute_not_exists(#lock) OR #until < :now OR #lock = :token";
            let mut request = self.client(region)?.update_item().table_name(&key.table);
            request = request.key(&key.attribute, AttributeValue::S(key.value.clone()));
            for (name, attribute) in [("#lock", LOCK), ("#until", LOCK_UNTIL), ("#expires", lock.expires.0.as_str())] {
                request = request.expression_attribute_names(name, attribute);
            }
            let values = [
                (":token", text(&lock.token)),
                (":until", number(lock.until_ms)),
                (":now", number(lock.now_ms)),
                (":expires", number(lock.expires.1)),
            ];
            for (name, value) in values {
                request = request.expression_attribute_values(name, value);
            }
            request = match &lock.dead {
                Some(dead) => {
                    request.expression_attribute_values(":dead", text(dead)).condition_expression(format!("{free} OR #lock = :dead"))
                }
                None => request.condition_expression(free),
            };
            let output = request
                .update_expression("SET #lock = :token, #until = :until, #expires = if_not_exists(#expires, :expires)")
                .return_values(ReturnValue::AllNew)
                .send()
                .await
                .map_err(|e| place(aws::translate(e), "UpdateItem", region, key))?;
            Ok(output.attributes.unwrap_or_default().into_iter().map(|(name, value)| (name, from_aws(value))).collect())
        })
    }

    fn delete<'a>(&'a self, region: &'a Region, key: &'a Key, holds: Option<&'a str>) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut request = self.client(region)?.delete_item().table_name(&key.table);
            request = request.key(&key.attribute, AttributeValue::S(key.value.clone()));
            if let Some(token) = holds {
                request = request
                    .condition_expression("attribute_not_exists(#key) OR #lock = :held")
                    .expression_attribute_names("#key", &key.attribute)
                    .expression_attribute_names("#lock", LOCK)
                    .expression_attribute_values(":held", AttributeValue::S(token.to_owned()));
            }
            request.send().await.map_err(|e| place(aws::translate(e), "DeleteItem", region, key))?;
            Ok(())
        })
    }
}

/// A value as DynamoDB has it; of a type that nothing here uses: [`Attribute::Other`].
#[must_use]
pub fn from_aws(value: AttributeValue) -> Attribute {
    match value {
        AttributeValue::S(text) => Attribute::S(text),
        AttributeValue::B(blob) => Attribute::B(blob.into_inner()),
        AttributeValue::N(number) => number.parse().map_or(Attribute::Other, Attribute::N),
        _ => Attribute::Other,
    }
}

/// A value as DynamoDB wants it.
#[must_use]
pub fn to_aws(value: &Attribute) -> AttributeValue {
    match value {
        Attribute::S(text) => AttributeValue::S(text.clone()),
        Attribute::N(number) => AttributeValue::N(number.to_string()),
        Attribute::B(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
        Attribute::Other => AttributeValue::Null(true),
    }
}
