//! Alarms on health checks: which value fires them, and what is behind them.
//!
//! `HealthCheckStatus` is 1 for healthy and 0 for unhealthy. An alarm that is the wrong way round is well formed, and quiet in every outage.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, MetricAlarm, Statistic};
use wp_dynamodb_core::Region;
use wp_dynamodb_core::aws::translate;

use super::check::{Check, Subject, Verdict, allow};
use super::place::quoted;

/// Asks for one alarm. Also gives the id of its health check.
pub(super) async fn look(client: &Client, arn: &str, region: &Region) -> (Vec<Check>, Option<String>) {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let (place, name) = (parts.get(3).copied().unwrap_or_default(), parts.get(6).copied().unwrap_or_default());
    let subject = Subject::new(format!("alarm {name}"), Some(region));
    let request = client.describe_alarms().alarm_names(name).alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
    let found = match request.send().await.map_err(translate) {
        Ok(found) => found,
        Err(error) => return (vec![subject.not_seen("DescribeAlarms", &error, allow(&["cloudwatch:DescribeAlarms"], "*"))], None),
    };
    if let Some(alarm) = found.metric_alarms().iter().find(|a| a.alarm_arn() == Some(arn)) {
        return (judge(&subject, alarm, place), dimension(alarm).map(str::to_owned));
    }
    if found.composite_alarms().iter().any(|a| a.alarm_arn() == Some(arn)) {
        let why = "a composite alarm: whether its rule fires when the Region is lost cannot be seen from here";
        return (vec![subject.warn(why, format!("name the alarms below it in --alarms {region}=… as well"))], None);
    }
    let fix = "aws cloudwatch describe-alarms --region REGION --query MetricAlarms[].AlarmArn; give one of these as --alarms";
    (vec![subject.fail(format!("there is no such alarm in {place}"), fix.replace("REGION", place))], None)
}

/// What an alarm means.
fn judge(subject: &Subject, alarm: &MetricAlarm, place: &str) -> Vec<Check> {
    let mut checks = vec![meaning(subject, alarm, place)];
    if checks[0].verdict == Verdict::Ok {
        if let Some(state) = alarm.state_value().filter(|s| s.as_str() == "INSUFFICIENT_DATA") {
            let fix = "see whether the health check of its dimension exists; Route 53's metrics are in us-east-1 only";
            checks.push(subject.warn(format!("it is in the state {}", state.as_str()), fix));
        }
        // None at all is how infra/advisory.yaml has it: EventBridge hears of every change of state, whatever the alarm's actions are.
        if !alarm.alarm_actions().is_empty() && alarm.actions_enabled() == Some(false) {
            let name = quoted(alarm.alarm_name().unwrap_or_default());
            let fix = format!("aws cloudwatch enable-alarm-actions --region {place} --alarm-names {name}");
            checks.push(subject.warn("its actions are disabled: whom they would tell hears nothing", fix));
        }
    }
    checks
}

fn meaning(subject: &Subject, alarm: &MetricAlarm, place: &str) -> Check {
    let right = || put(alarm, place);
    if !alarm.metrics().is_empty() {
        return subject.warn("a metric expression: which value fires it cannot be seen from here", right());
    }
    let (namespace, metric) = (alarm.namespace().unwrap_or_default(), alarm.metric_name().unwrap_or_default());
    if (namespace, metric) != ("AWS/Route53", "HealthCheckStatus") {
        return subject.fail(format!("it looks at {namespace} {metric}, not at AWS/Route53 HealthCheckStatus"), right());
    }
    if place != "us-east-1" {
        return subject.fail(format!("it is in {place}; Route 53's metrics exist in us-east-1 only, so it never has data"), right());
    }
    if dimension(alarm).is_none() {
        return subject.fail("it has no dimension HealthCheckId: such a metric has no data", right());
    }
    // Of ones and zeros a count or a sum says something else, and the maximum waits for the last checker.
    if !matches!(alarm.statistic(), Some(Statistic::Minimum | Statistic::Average)) {
        let statistic = alarm.statistic().map_or("none", Statistic::as_str);
        return subject.fail(format!("its statistic is {statistic}; of ones and zeros only Minimum (or Average) means health"), right());
    }
    let (Some(operator), Some(threshold)) = (alarm.comparison_operator(), alarm.threshold()) else {
        return subject.fail("it has no operator or no threshold", right());
    };
    let words = format!("{} {threshold}", operator.as_str());
    match (fires(operator, threshold, 0.0), fires(operator, threshold, 1.0)) {
        (Some(true), Some(false)) => {}
        (Some(false), Some(true)) => {
            return subject.fail(format!("the wrong way round: {words} fires on 1, which is healthy, and not on 0"), right());
        }
        (Some(true), Some(true)) => return subject.fail(format!("{words} fires on 0 and on 1: always"), right()),
        (Some(false), Some(false)) => return subject.fail(format!("{words} fires neither on 0 nor on 1: never"), right()),
        _ => return subject.fail(format!("{} is no comparison with a threshold", operator.as_str()), right()),
    }
    if alarm.treat_missing_data() != Some("breaching") {
        let treated = alarm.treat_missing_data().unwrap_or("missing");
        return subject.fail(format!("missing data is {treated}: no data is no health; it must be breaching"), right());
    }
    let wait = alarm.period().unwrap_or_default().saturating_mul(alarm.evaluation_periods().unwrap_or(1));
    if wait > 180 {
        return subject.warn(format!("fires on 0, not on 1; after {wait} s"), right());
    }
    let by = if alarm.alarm_actions().is_empty() {
        "; no action: a rule of EventBridge tells the controllers (infra/advisory.yaml)"
    } else {
        ""
    };
    subject.ok(format!("fires on 0 (unhealthy), not on 1; after {wait} s; missing data is breaching{by}"))
}

/// Whether `value` fires it; `None`: the operator compares with no threshold.
fn fires(operator: &ComparisonOperator, threshold: f64, value: f64) -> Option<bool> {
    Some(match operator {
        ComparisonOperator::GreaterThanOrEqualToThreshold => value >= threshold,
        ComparisonOperator::GreaterThanThreshold => value > threshold,
        ComparisonOperator::LessThanThreshold => value < threshold,
        ComparisonOperator::LessThanOrEqualToThreshold => value <= threshold,
        _ => return None,
    })
}

fn dimension(alarm: &MetricAlarm) -> Option<&str> {
    let id = alarm.dimensions().iter().find(|d| d.name() == Some("HealthCheckId"));
    id.and_then(|d| d.value())
}

/// The command that makes it right. It replaces the whole alarm, so what it does and says is in it.
fn put(alarm: &MetricAlarm, place: &str) -> String {
    let mut kept = String::new();
    let lists = [("alarm", alarm.alarm_actions()), ("ok", alarm.ok_actions()), ("insufficient-data", alarm.insufficient_data_actions())];
    for (name, actions) in lists.into_iter().filter(|(_, actions)| !actions.is_empty()) {
        let actions: Vec<String> = actions.iter().map(|a| quoted(a)).collect();
        kept.push_str(&format!(" --{name}-actions {}", actions.join(" ")));
    }
    if alarm.actions_enabled() == Some(false) {
        kept.push_str(" --no-actions-enabled");
    }
    if let Some(description) = alarm.alarm_description() {
        kept.push_str(&format!(" --alarm-description {}", quoted(description)));
    }
    let region = if place == "us-east-1" { place } else { "us-east-1" };
    format!(
        "aws cloudwatch put-metric-alarm --region {region} --alarm-name {} --namespace AWS/Route53 --metric-name HealthCheckStatus \
         --dimensions Name=HealthCheckId,Value={} --statistic Minimum --period 60 --evaluation-periods 1 --threshold 1 \
         --comparison-operator LessThanThreshold --treat-missing-data breaching{kept}",
        quoted(alarm.alarm_name().unwrap_or_default()),
        dimension(alarm).unwrap_or("<health check>"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::Dimension;
    use aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder;

    fn good() -> MetricAlarmBuilder {
        MetricAlarm::builder()
            .alarm_name("site east")
            .namespace("AWS/Route53")
            .metric_name("HealthCheckStatus")
            .dimensions(Dimension::builder().name("HealthCheckId").value("abc").build())
            .statistic(Statistic::Minimum)
            .period(60)
            .evaluation_periods(1)
            .threshold(1.0)
            .comparison_operator(ComparisonOperator::LessThanThreshold)
            .treat_missing_data("breaching")
            .actions_enabled(true)
            .alarm_actions("arn:aws:sns:us-east-1:111122223333:t")
    }

    fn seen(alarm: MetricAlarmBuilder) -> (Verdict, String) {
        let checks = judge(&Subject::new("alarm", None), &alarm.build(), "us-east-1");
        checks.into_iter().map(|c| (c.verdict, c.seen)).max_by_key(|(verdict, _)| *verdict).expect("one at least")
    }

    #[test]
    fn the_good_one_is_good() {
        assert_eq!(seen(good()).0, Verdict::Ok);
        for (operator, threshold) in [
            (ComparisonOperator::LessThanOrEqualToThreshold, 0.0),
            (ComparisonOperator::LessThanThreshold, 0.5),
            (ComparisonOperator::LessThanOrEqualToThreshold, 0.99),
        ] {
            assert_eq!(seen(good().comparison_operator(operator).threshold(threshold)).0, Verdict::Ok);
        }
    }

    #[test]
    fn an_alarm_that_only_a_rule_listens_to_needs_no_action() {
        for alarm in [good().set_alarm_actions(None), good().set_alarm_actions(None).actions_enabled(false)] {
            let (verdict, seen) = seen(alarm);
            assert_eq!(verdict, Verdict::Ok);
            assert!(seen.contains("rule of EventBridge"), "{seen}");
        }
        assert!(!seen(good()).1.contains("EventBridge"));
    }

    #[test]
    fn an_alarm_the_wrong_way_round_is_found() {
        for (operator, threshold, words) in [
            (ComparisonOperator::GreaterThanThreshold, 0.0, "wrong way round"),
            (ComparisonOperator::GreaterThanOrEqualToThreshold, 1.0, "wrong way round"),
            (ComparisonOperator::LessThanOrEqualToThreshold, 1.0, "always"),
            (ComparisonOperator::GreaterThanOrEqualToThreshold, 0.0, "always"),
            (ComparisonOperator::LessThanThreshold, 0.0, "never"),
            (ComparisonOperator::GreaterThanThreshold, 1.0, "never"),
            (ComparisonOperator::LessThanLowerThreshold, 1.0, "no comparison"),
        ] {
            let (verdict, seen) = seen(good().comparison_operator(operator.clone()).threshold(threshold));
            assert_eq!(verdict, Verdict::Fail, "{operator:?} {threshold}");
            assert!(seen.contains(words), "{operator:?} {threshold}: {seen}");
        }
    }

    #[test]
    fn each_other_mistake_is_found() {
        assert!(seen(good().treat_missing_data("notBreaching")).1.contains("breaching"));
        assert!(seen(good().set_treat_missing_data(None)).1.contains("missing data is missing"));
        assert!(seen(good().statistic(Statistic::SampleCount)).1.contains("SampleCount"));
        assert!(seen(good().set_dimensions(None)).1.contains("HealthCheckId"));
        assert!(seen(good().metric_name("HealthCheckPercentageHealthy")).1.contains("HealthCheckPercentageHealthy"));
        assert_eq!(seen(good().actions_enabled(false)).0, Verdict::Warn);
        assert_eq!(seen(good().evaluation_periods(10)).0, Verdict::Warn);
        let elsewhere = meaning(&Subject::new("alarm", None), &good().build(), "us-west-2");
        assert!(elsewhere.seen.contains("us-east-1 only"), "{}", elsewhere.seen);
    }

    #[test]
    fn the_fix_keeps_name_check_and_actions() {
        let fix = put(&good().build(), "us-east-1");
        for part in ["--alarm-name 'site east'", "Value=abc", "LessThanThreshold", "breaching", "--alarm-actions arn:aws:sns:us-east-1"] {
            assert!(fix.contains(part), "{part} in {fix}");
        }
    }
}
