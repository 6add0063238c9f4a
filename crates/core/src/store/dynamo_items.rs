//! Items of any table in DynamoDB, through the AWS SDK.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::dynamo::{Dynamo, from_aws, to_aws};
use crate::aws;
use crate::error::Error;
use crate::region::Region;
use crate::store::items::{Condition, Expression, Items, Lives, Place, Query};
use crate::store::{Change, Item, Reply};

/// Pages of a query have at least so many items.
const PAGE: usize = 100;

fn at(error: Error, operation: &'static str, region: &Region, table: &str) -> Error {
    error.at(operation, region, format!("table {table}"))
}

fn keys(place: &Place) -> HashMap<String, AttributeValue> {
    place.keys().map(|(name, value)| (name.clone(), to_aws(value))).collect()
}

fn item(values: HashMap<String, AttributeValue>) -> Item {
    values.into_iter().map(|(name, value)| (name, from_aws(value))).collect()
}

impl Expression {
    /// The placeholders as the SDK takes them: none is an error of its own.
    fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.iter().cloned().collect())
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.iter().map(|(name, value)| (name.clone(), to_aws(value))).collect())
    }
}

impl Items for Dynamo {
    fn get_item<'a>(&'a self, region: &'a Region, place: &'a Place, consistent: bool) -> Reply<'a, Option<Item>> {
        Box::pin(async move {
            let request = self.client(region)?.get_item().table_name(&place.table).set_key(Some(keys(place))).consistent_read(consistent);
            let output = request.send().await.map_err(|e| at(aws::translate(e), "GetItem", region, &place.table))?;
            Ok(output.item.map(item))
        })
    }

    fn put_item<'a>(&'a self, region: &'a Region, place: &'a Place, item: Item, condition: &'a Condition) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut expression = Expression::default();
            let condition = expression.condition(place, condition);
            let mut values: HashMap<String, AttributeValue> = item.iter().map(|(name, value)| (name.clone(), to_aws(value))).collect();
            values.extend(keys(place));
            let request = self.client(region)?.put_item().table_name(&place.table).set_item(Some(values));
            let request = request.set_condition_expression(condition);
            let request = request.set_expression_attribute_names(expression.names()).set_expression_attribute_values(expression.values());
            request.send().await.map_err(|e| at(aws::translate(e), "PutItem", region, &place.table))?;
            Ok(())
        })
    }

    fn update_item<'a>(
        &'a self,
        region: &'a Region,
        place: &'a Place,
        changes: BTreeMap<String, Change>,
        condition: &'a Condition,
    ) -> Reply<'a, Item> {
        Box::pin(async move {
            let mut expression = Expression::default();
            let update = expression.changes(&changes);
            let condition = expression.condition(place, condition);
            let request = self.client(region)?.update_item().table_name(&place.table).set_key(Some(keys(place)));
            let request = request.update_expression(update).set_condition_expression(condition).return_values(ReturnValue::AllNew);
            let request = request.set_expression_attribute_names(expression.names()).set_expression_attribute_values(expression.values());
            let output = request.send().await.map_err(|e| at(aws::translate(e), "UpdateItem", region, &place.table))?;
            Ok(item(output.attributes.unwrap_or_default()))
        })
    }

    fn delete_item<'a>(&'a self, region: &'a Region, place: &'a Place, condition: &'a Condition) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut expression = Expression::default();
            let condition = expression.condition(place, condition);
            let request = self.client(region)?.delete_item().table_name(&place.table).set_key(Some(keys(place)));
            let request = request.set_condition_expression(condition);
            let request = request.set_expression_attribute_names(expression.names()).set_expression_attribute_values(expression.values());
            request.send().await.map_err(|e| at(aws::translate(e), "DeleteItem", region, &place.table))?;
            Ok(())
        })
    }

    fn query<'a>(&'a self, region: &'a Region, query: &'a Query, lives: &'a Lives<'a>) -> Reply<'a, Vec<Item>> {
        Box::pin(async move {
            let mut expression = Expression::default();
            let partition = expression.partition(query);
            let (mut found, mut living, mut from) = (Vec::new(), 0, None);
            loop {
                // Behind many that have expired there may be many more: not one by one.
                let left = i32::try_from((query.limit - living).max(PAGE.min(query.limit))).unwrap_or(i32::MAX);
                let request = self.client(region)?.query().table_name(&query.table).key_condition_expression(&partition);
                let request = request.consistent_read(query.consistent).limit(left).set_exclusive_start_key(from);
                let request = request.set_expression_attribute_names(expression.names());
                let request = request.set_expression_attribute_values(expression.values());
                let output = request.send().await.map_err(|e| at(aws::translate(e), "Query", region, &query.table))?;
                let page: Vec<Item> = output.items.unwrap_or_default().into_iter().map(item).collect();
                living += page.iter().filter(|item| lives(item)).count();
                found.extend(page);
                from = output.last_evaluated_key;
                if from.is_none() || living >= query.limit {
                    return Ok(found);
                }
            }
        })
    }
}
