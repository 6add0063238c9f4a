//! The controller's environment, pointed at a lab: local doors of its own Region, remote doors of the others.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

/// The environment of the controller in `home`, from the lab's status. What is not in it has its default.
///
/// # Errors
/// When the lab has no such Region.
pub fn of_lab(status: &Value, home: &str) -> Result<BTreeMap<String, String>> {
    let regions = status["regions"].as_object().context("the lab's status names no Regions")?;
    regions.get(home).with_context(|| format!("the lab has no Region {home:?}"))?;
    let doors = |service: &str| {
        let door = |(region, of): (&String, &Value)| {
            let url = if region == home { &of[service]["url"] } else { &of[service]["remote"]["url"] };
            Some(format!("{region}={}", url.as_str()?))
        };
        regions.iter().filter_map(door).collect::<Vec<_>>().join(",")
    };
    let names: Vec<&str> = regions.keys().map(String::as_str).collect();
    let text = |name: &str| status[name].as_str().unwrap_or_default().to_owned();
    let environment = [
        ("WP_DYNAMODB_REGIONS", names.join(",")),
        ("WP_DYNAMODB_TABLE", text("table")),
        ("WP_DYNAMODB_REGION_PARAMETER", text("parameter")),
        ("WP_DYNAMODB_ENDPOINTS", doors("dynamodb")),
        ("WP_DYNAMODB_SSM_ENDPOINTS", doors("ssm")),
    ];
    Ok(environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn own_doors_are_local_and_the_others_remote() {
        let doors =
            |port: u16| json!({"url": format!("http://127.0.0.1:{port}"), "remote": {"url": format!("http://127.0.0.1:{}", port + 2)}});
        let status = json!({"table": "t", "parameter": "/p", "regions": {
            "us-east-1": {"dynamodb": doors(10), "ssm": doors(11)},
            "us-west-2": {"dynamodb": doors(20), "ssm": doors(21)},
        }});
        let environment = of_lab(&status, "us-west-2").unwrap();
        assert_eq!(environment["WP_DYNAMODB_REGIONS"], "us-east-1,us-west-2");
        assert_eq!(environment["WP_DYNAMODB_ENDPOINTS"], "us-east-1=http://127.0.0.1:12,us-west-2=http://127.0.0.1:20");
        assert_eq!(environment["WP_DYNAMODB_SSM_ENDPOINTS"], "us-east-1=http://127.0.0.1:13,us-west-2=http://127.0.0.1:21");
        assert_eq!((environment["WP_DYNAMODB_TABLE"].as_str(), environment["WP_DYNAMODB_REGION_PARAMETER"].as_str()), ("t", "/p"));
        assert!(of_lab(&status, "eu-west-1").unwrap_err().to_string().contains("eu-west-1"));
    }
}
