//! Names that fixes need: ARNs in the account that is asked, and whether AWS or an emulator is asked at all.

use wp_dynamodb_core::Region;

/// Stands for the account where it is not known.
const SOME_ACCOUNT: &str = "111122223333";

/// The account, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Account(pub Option<String>);

impl Account {
    /// The ARN of something in `region`.
    pub(super) fn arn(&self, service: &str, region: &Region, what: &str) -> String {
        let account = self.0.as_deref().unwrap_or(SOME_ACCOUNT);
        format!("arn:{}:{service}:{region}:{account}:{what}", partition(region))
    }
}

fn partition(region: &Region) -> &'static str {
    match region.as_str() {
        name if name.starts_with("cn-") => "aws-cn",
        name if name.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Whether an endpoint is on this machine: an emulator, which has no replicas, no backups and no accounts of its own.
pub(super) fn is_local(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// Words for a shell, in quotes where they need them.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_of_the_partition_of_their_region() {
        let region = |name| Region::parse(name).expect("a Region");
        let account = Account(Some("000011112222".into()));
        assert_eq!(account.arn("dynamodb", &region("us-east-1"), "table/t"), "arn:aws:dynamodb:us-east-1:000011112222:table/t");
        assert!(account.arn("ssm", &region("cn-north-1"), "parameter/p").starts_with("arn:aws-cn:"));
        assert!(Account(None).arn("ssm", &region("us-gov-west-1"), "x").contains("us-gov:ssm:us-gov-west-1:111122223333:"));
    }

    #[test]
    fn only_this_machine_is_an_emulator() {
        assert!(is_local("http://127.0.0.1:8000") && is_local("http://localhost:1") && is_local("http://[::1]:1"));
        assert!(!is_local("https://vpce-1.dynamodb.us-west-2.vpce.amazonaws.com"));
    }

    #[test]
    fn a_shell_takes_a_quoted_text_as_one_word() {
        assert_eq!(quoted("us-east-1"), "us-east-1");
        assert_eq!(quoted("/healthz?level=ready"), "'/healthz?level=ready'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
