//! The session id in a request's Cookie header, as PHP will find it: for a read that begins before PHP has looked.

/// The longest id that PHP makes.
const LONGEST: usize = 256;

/// The value of the cookie `name`, when it is one that PHP makes ids of: letters, digits, comma and minus. The first one of that name
/// counts, as in PHP. What PHP would have to decode or rename is not found: that page reads when it asks.
#[must_use]
pub fn session_id<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let of_name = |pair: &'a str| pair.trim_start_matches([' ', '\t', '\r', '\n']).split_once('=').filter(|(found, _)| *found == name);
    let (_, value) = header.split(';').find_map(of_name)?;
    let good = (1..=LONGEST).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b',' | b'-'));
    good.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_cookie_of_the_name() {
        assert_eq!(session_id("PHPSESSID=abc", "PHPSESSID"), Some("abc"));
        assert_eq!(session_id("a=1; PHPSESSID=a-B,9; PHPSESSID=other", "PHPSESSID"), Some("a-B,9"));
        assert_eq!(session_id("a=PHPSESSID=x;PHPSESSID=y", "PHPSESSID"), Some("y"));
        assert_eq!(session_id("xPHPSESSID=y; PHPSESSID2=z", "PHPSESSID"), None);
    }

    #[test]
    fn what_is_no_id_is_not_read() {
        for bad in ["", "PHPSESSID", "PHPSESSID=", "PHPSESSID=%61", "PHPSESSID=a b", "PHPSESSID=\"a\"", "PHPSESSID=../x", "PHPSESSID=é"] {
            assert_eq!(session_id(bad, "PHPSESSID"), None, "{bad}");
        }
        assert_eq!(session_id(&format!("PHPSESSID={}", "x".repeat(257)), "PHPSESSID"), None);
        assert_eq!(session_id("PHPSESSID=%zz; PHPSESSID=good", "PHPSESSID"), None, "PHP takes the first");
    }
}
