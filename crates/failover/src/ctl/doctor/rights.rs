//! Rights in words: those of whoever runs this, tried here and now; and those of each controller, as it has tried them itself.

use wp_dynamodb_core::Region;

use super::check::{Check, Subject, allow, allow_keys};
use super::place::Account;
use crate::aws::clients::Clients;
use crate::aws::rights as trials;
use crate::ctl::show;
use crate::rights::{EVERY_MS, Found, OLD_MS, Right, Rights, Tried};
use crate::settings::Settings;

/// In one Region, with the credentials that are there. `value`: what its parameter holds, where that is the newest order; else nothing is
/// tried, for the try could make an old one the newest.
pub(super) async fn look(clients: &Clients, settings: &Settings, region: &Region, account: &Account, value: Option<&str>) -> Vec<Check> {
    let tried = futures_util::future::join3(
        trials::canary(clients, settings, region),
        trials::put_parameter(clients, settings, region, value),
        trials::control_table(clients, settings, region),
    );
    let (canary, put, control) = tried.await;
    [canary, put, control].iter().map(|tried| yours(tried, account)).collect()
}

fn yours(tried: &Tried, account: &Account) -> Check {
    let subject = Subject::new(format!("your right: {}", tried.right), Some(&tried.region));
    match &tried.found {
        Found::Held => subject.ok(calls(tried.right)),
        Found::Missing(why) => subject.fail(why, statement(tried, account)),
        Found::Absent(why) => subject.fail(why, absent(tried)),
        Found::Untried(why) => subject.skipped(why),
        Found::Unknown(why) if tried.right == Right::Canary => {
            let judged = "silence and failures of the service are what the controllers take for a loss";
            subject.fail(why, format!("{judged} of {}; how they judge this one says wp-dynamodb-ctl status", tried.region))
        }
        Found::Unknown(why) => subject.fail(why, subject.reach()),
    }
}

/// Of the controller in `home`. `rights`: what it has kept; none: it has never tried.
pub(super) fn of_controller(rights: Option<&Rights>, home: &Region, account: &Account, now_ms: u64) -> Vec<Check> {
    let all = Subject::new("the controller's rights", Some(home));
    let again = format!(
        "aws lambda invoke --region {home} --function-name <its function; wp-dynamodb-failover by infra/> --cli-binary-format raw-in-base64-out \
         --payload '{{\"action\":\"check\"}}' /dev/stdout"
    );
    let Some(rights) = rights else {
        return vec![all.warn("it has never tried them: it is of an earlier version, or something has failed at each look", again)];
    };
    let age_ms = now_ms.saturating_sub(rights.at_ms);
    let age = if age_ms > OLD_MS {
        all.warn(format!("tried {}, {} h ago: what is said of them is as old", show::moment(rights.at_ms), age_ms / EVERY_MS), again)
    } else {
        all.ok(format!("tried {} s ago, by itself", age_ms / 1000))
    };
    std::iter::once(age).chain(rights.tried.iter().map(|tried| its(tried, home, account))).collect()
}

fn its(tried: &Tried, home: &Region, account: &Account) -> Check {
    let subject = Subject::new(format!("the controller's right: {} in {}", tried.right, tried.region), Some(home));
    match &tried.found {
        Found::Held => subject.ok(calls(tried.right)),
        Found::Missing(why) => subject.fail(why, statement(tried, account)),
        Found::Absent(why) => subject.fail(why, absent(tried)),
        Found::Untried(why) => subject.skipped(why),
        Found::Unknown(why) => subject.warn(
            format!("it could not be tried: {why}"),
            format!("see whether the function in {home} reaches AWS in {} (its network and endpoints), and its log", tried.region),
        ),
    }
}

fn calls(right: Right) -> &'static str {
    match right {
        Right::Canary => "UpdateItem and GetItem on the session table",
        Right::GetParameter => "GetParameter is allowed",
        Right::PutParameter => "PutParameter is allowed",
        Right::ControlTable => "GetItem, PutItem and Query",
        Right::StartExecution => "StartExecution is allowed",
    }
}

fn absent(tried: &Tried) -> String {
    format!("make {}, or name another one in WP_DYNAMODB_AFTER_SWITCH of the function", tried.on)
}

/// The IAM statement that is missing.
fn statement(tried: &Tried, account: &Account) -> String {
    let arn = match tried.right {
        Right::Canary | Right::ControlTable => account.arn("dynamodb", &tried.region, &format!("table/{}", tried.on)),
        Right::GetParameter | Right::PutParameter => {
            account.arn("ssm", &tried.region, &format!("parameter/{}", tried.on.trim_start_matches('/')))
        }
        Right::StartExecution => tried.on.clone(),
    };
    match tried.right {
        // Its own items, and no session.
        Right::Canary => allow_keys(tried.right.actions(), &arn, "wp-dynamodb/controller/*"),
        _ => allow(tried.right.actions(), &arn),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn tried(right: Right, on: &str, found: Found) -> Tried {
        Tried { right, region: Region::parse("us-east-1").expect("a Region"), on: on.into(), found }
    }

    fn seen(rights: Option<&Rights>, now_ms: u64) -> Vec<(String, Verdict)> {
        let home = Region::parse("us-west-2").expect("a Region");
        of_controller(rights, &home, &Account::default(), now_ms).into_iter().map(|c| (c.name, c.verdict)).collect()
    }

    #[test]
    fn a_missing_right_of_the_controller_fails_with_its_statement() {
        let machine = "arn:aws:states:us-west-2:111122223333:stateMachine:m";
        for (right, on, action, resource) in [
            (Right::Canary, "s", "dynamodb:UpdateItem", "arn:aws:dynamodb:us-east-1:111122223333:table/s"),
            (Right::PutParameter, "/w/r", "ssm:PutParameter", "arn:aws:ssm:us-east-1:111122223333:parameter/w/r"),
            (Right::StartExecution, machine, "states:StartExecution", machine),
        ] {
            let home = Region::parse("us-west-2").expect("a Region");
            let check = its(&tried(right, on, Found::Missing("AccessDeniedException".into())), &home, &Account::default());
            assert_eq!((check.verdict, check.region.as_ref()), (Verdict::Fail, Some(&home)));
            let fix = check.fix.expect("a fix");
            assert!(fix.contains(action) && fix.contains(resource), "{fix}");
        }
    }

    #[test]
    fn what_is_old_or_was_never_tried_is_a_warning() {
        assert_eq!(seen(None, 0), [("the controller's rights".to_owned(), Verdict::Warn)]);
        let rights = Rights { at_ms: 5_000, tried: vec![tried(Right::ControlTable, "c", Found::Held)] };
        let of = |now_ms| seen(Some(&rights), now_ms).iter().map(|(_, verdict)| *verdict).collect::<Vec<_>>();
        assert_eq!(of(5_000 + OLD_MS), [Verdict::Ok, Verdict::Ok]);
        assert_eq!(of(5_001 + OLD_MS), [Verdict::Warn, Verdict::Ok]);
    }

    #[test]
    fn silence_is_no_missing_right() {
        let late = Rights { at_ms: 0, tried: vec![tried(Right::PutParameter, "/p", Found::Unknown("no answer".into()))] };
        let name = "the controller's right: PutParameter in us-east-1".to_owned();
        assert_eq!(seen(Some(&late), 0)[1], (name, Verdict::Warn));
        assert_eq!(yours(&late.tried[0], &Account::default()).verdict, Verdict::Fail, "who asks can see to it at once");
        let untried = tried(Right::PutParameter, "/p", Found::Untried("there is none".into()));
        assert_eq!(yours(&untried, &Account::default()).verdict, Verdict::Skipped);
    }
}
