//! The three shapes in which a change of an alarm reaches a Lambda: A by the alarm's own action, B over EventBridge, C over SNS.

use serde_json::{Value, json};

use super::evaluate::{Comparison, Missing, Rule, State};
use super::timestamp;

/// An alarm on a health check.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: String,
    /// Its Region: us-east-1 for health checks.
    pub region: String,
    /// The health check it is on.
    pub health_check: String,
    /// Seconds of one data point.
    pub period_s: u64,
    /// What it goes by.
    pub rule: Rule,
}

/// A change of an alarm's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// When it changed, in milliseconds since 1970.
    pub at_ms: u64,
    /// When the state before had begun.
    pub before_ms: u64,
    /// Why, in CloudWatch's words.
    pub reason: String,
}

impl Alarm {
    /// The alarm that fires while a health check is unhealthy, or while nobody knows.
    pub fn unhealthy(name: &str, health_check: &str) -> Self {
        Alarm {
            name: name.into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            health_check: health_check.into(),
            period_s: 60,
            rule: Rule::UNHEALTHY,
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:cloudwatch:{}:{}:alarm:{}", self.region, self.account, self.name)
    }

    fn state(state: State, at_ms: u64, reason: &str) -> Value {
        json!({"value": state.name(), "reason": reason, "timestamp": timestamp::alarm(at_ms)})
    }

    fn configuration(&self) -> Value {
        json!({
            "description": "",
            "metrics": [{
                "id": "m1",
                "metricStat": {
                    "metric": {"namespace": "AWS/Route53", "name": "HealthCheckStatus", "dimensions": {"HealthCheckId": self.health_check}},
                    "period": self.period_s,
                    "stat": "Minimum",
                },
                "returnData": true,
            }],
        })
    }

    /// Shape A: the alarm's action is the Lambda itself.
    pub fn direct(&self, change: &Change) -> Value {
        json!({
            "source": "aws.cloudwatch",
            "alarmArn": self.arn(),
            "accountId": self.account,
            "time": timestamp::alarm(change.at_ms),
            "region": self.region,
            "alarmData": {
                "alarmName": self.name,
                "state": Self::state(change.to, change.at_ms, &change.reason),
                "previousState": Self::state(change.from, change.before_ms, ""),
                "configuration": self.configuration(),
            },
        })
    }

    /// Shape B: a rule of EventBridge on "CloudWatch Alarm State Change".
    pub fn eventbridge(&self, change: &Change) -> Value {
        self.envelope(change, &self.configuration())
    }

    /// Shape B of a composite alarm on this alarm: the same envelope with a rule instead of metrics.
    pub fn composite(&self, change: &Change) -> Value {
        self.envelope(change, &json!({"description": "", "alarmRule": format!("ALARM(\"{}-metric\")", self.name)}))
    }

    fn envelope(&self, change: &Change, configuration: &Value) -> Value {
        json!({
            "version": "0",
            "id": uuid(&format!("{}{}{}", self.name, change.at_ms, change.to.name())),
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "account": self.account,
            "time": timestamp::envelope(change.at_ms),
            "region": self.region,
            "resources": [self.arn()],
            "detail": {
                "alarmName": self.name,
                "state": Self::state(change.to, change.at_ms, &change.reason),
                "previousState": Self::state(change.from, change.before_ms, ""),
                "configuration": configuration,
            },
        })
    }

    /// Shape C: SNS. The message is text, and `Region` in it is a name for people.
    pub fn sns(&self, change: &Change) -> Value {
        let message = json!({
            "AlarmName": self.name,
            "AlarmDescription": null,
            "AWSAccountId": self.account,
            "AlarmConfigurationUpdatedTimestamp": timestamp::alarm(0),
            "NewStateValue": change.to.name(),
            "NewStateReason": change.reason,
            "StateChangeTime": timestamp::alarm(change.at_ms),
            "Region": display_name(&self.region),
            "AlarmArn": self.arn(),
            "OldStateValue": change.from.name(),
            "OKActions": [],
            "AlarmActions": [],
            "InsufficientDataActions": [],
            "Trigger": {
                "MetricName": "HealthCheckStatus",
                "Namespace": "AWS/Route53",
                "StatisticType": "Statistic",
                "Statistic": "MINIMUM",
                "Unit": null,
                "Dimensions": [{"value": self.health_check, "name": "HealthCheckId"}],
                "Period": self.period_s,
                "EvaluationPeriods": self.rule.periods,
                "DatapointsToAlarm": self.rule.datapoints,
                "ComparisonOperator": comparison(self.rule.comparison),
                "Threshold": self.rule.threshold,
                "TreatMissingData": missing(self.rule.missing),
                "EvaluateLowSampleCountPercentile": "",
            },
        });
        let topic = format!("arn:aws:sns:{}:{}:alarms", self.region, self.account);
        json!({"Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": format!("{topic}:{}", uuid(&topic)),
            "Sns": {
                "Type": "Notification",
                "MessageId": uuid(&format!("{}{}", self.name, change.at_ms)),
                "TopicArn": topic,
                "Subject": format!("{}: \"{}\" in {}", change.to.name(), self.name, display_name(&self.region)),
                "Message": message.to_string(),
                "Timestamp": format!("{}Z", &timestamp::alarm(change.at_ms)[..23]),
                "SignatureVersion": "1",
                "MessageAttributes": {},
            },
        }]})
    }
}

fn comparison(comparison: Comparison) -> String {
    format!("{comparison:?}")
}

fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Breaching => "breaching",
        Missing::NotBreaching => "notBreaching",
        Missing::Ignore => "ignore",
        Missing::Missing => "missing",
    }
}

/// Something that looks like AWS's ids: the same for the same event, as a repeated delivery has it.
fn uuid(of: &str) -> String {
    let part = |salt: u8| crc32fast::hash(format!("{salt}{of}").as_bytes());
    let (a, b, c, d) = (part(1), part(2), part(3), part(4));
    format!("{a:08x}-{:04x}-4{:03x}-a{:03x}-{:04x}{d:08x}", b >> 16, b & 0xfff, c >> 20, c & 0xffff)
}

/// A Region's name for people; its own name where none is known.
pub fn display_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "eu-west-1" => "EU (Ireland)",
        "eu-central-1" => "EU (Frankfurt)",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired() -> (Alarm, Change) {
        let change =
            Change { from: State::Ok, to: State::Alarm, at_ms: 1_795_609_849_123, before_ms: 1_795_609_000_000, reason: "why".into() };
        (Alarm::unhealthy("site-us-east-1", "check-1"), change)
    }

    const ARN: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site-us-east-1";

    #[test]
    fn shape_a() {
        let (alarm, change) = fired();
        let event = alarm.direct(&change);
        assert_eq!(event["source"], "aws.cloudwatch");
        assert_eq!(event["alarmArn"], ARN);
        assert_eq!((&event["accountId"], &event["region"]), (&json!("111122223333"), &json!("us-east-1")));
        assert_eq!(event["time"], "2026-11-25T12:30:49.123+0000");
        assert_eq!(event["alarmData"]["alarmName"], "site-us-east-1");
        assert_eq!(event["alarmData"]["state"]["value"], "ALARM");
        assert_eq!(event["alarmData"]["previousState"]["value"], "OK");
        assert!(event["alarmData"]["configuration"].is_object() && event.get("detail-type").is_none() && event.get("Records").is_none());
    }

    #[test]
    fn shape_b_also_of_composite_alarms() {
        let (alarm, change) = fired();
        for event in [alarm.eventbridge(&change), alarm.composite(&change)] {
            assert_eq!((&event["version"], &event["detail-type"]), (&json!("0"), &json!("CloudWatch Alarm State Change")));
            assert_eq!((&event["source"], &event["region"]), (&json!("aws.cloudwatch"), &json!("us-east-1")));
            assert_eq!(event["resources"], json!([ARN]));
            assert_eq!(event["time"], "2026-11-25T12:30:49Z");
            assert_eq!(event["detail"]["alarmName"], "site-us-east-1");
            assert_eq!(event["detail"]["state"]["value"], "ALARM");
            assert_eq!(event["detail"]["previousState"]["value"], "OK");
            assert_eq!(event["id"].as_str().unwrap().len(), 36, "{}", event["id"]);
        }
        assert!(alarm.composite(&change)["detail"]["configuration"]["alarmRule"].is_string());
        assert_eq!(alarm.eventbridge(&change), alarm.eventbridge(&change), "a repeated delivery is the same event");
    }

    #[test]
    fn shape_c_has_its_message_as_text_and_a_region_for_people() {
        let (alarm, change) = fired();
        let event = alarm.sns(&change);
        let message: Value = serde_json::from_str(event["Records"][0]["Sns"]["Message"].as_str().unwrap()).unwrap();
        assert_eq!((&message["NewStateValue"], &message["OldStateValue"]), (&json!("ALARM"), &json!("OK")));
        assert_eq!(message["Region"], "US East (N. Virginia)");
        assert_eq!(message["AlarmArn"], ARN);
        assert_eq!(message["Trigger"]["ComparisonOperator"], "LessThanThreshold");
        assert_eq!(message["Trigger"]["TreatMissingData"], "breaching");
        assert_eq!(event["Records"][0]["EventSource"], "aws:sns");
    }
}
