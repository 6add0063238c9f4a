//! The pages that carry the load, and what their answers say.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::http::Answer;
use super::session::Seen;
use super::stack::Host;

/// A kind of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// PHP and a session, nothing else: it carries the numbers.
    Session,
    /// WordPress with the demo's cart.
    Wordpress,
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// The session as the page found it; none when there was none to find.
    pub seen: Option<Seen>,
    /// Why the request counts as failed.
    pub trouble: Option<String>,
    /// Whether the change may have been stored although nobody says so.
    pub uncertain: bool,
}

/// The answer of tests/drill/pages/session.php.
#[derive(Debug, Deserialize)]
struct SessionPage {
    started: bool,
    saved: bool,
    owner: Option<u32>,
    changes: Vec<u64>,
    warnings: Vec<String>,
}

/// The answer of the demo's cart.
#[derive(Debug, Deserialize)]
struct CartPage {
    session_ok: bool,
    saved: bool,
    lines: Vec<CartLine>,
}

#[derive(Debug, Deserialize)]
struct CartLine {
    item: String,
}

impl Page {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Page::Session => "session page",
            Page::Wordpress => "WordPress",
        }
    }

    /// The address for a visitor's next request; none when the host has no such page.
    pub fn url(self, host: &Host, visitor: u32, change: Option<u64>) -> Option<String> {
        Some(match (self, change) {
            (Page::Session, None) => format!("{}?visitor={visitor}", host.page),
            (Page::Session, Some(change)) => format!("{}?visitor={visitor}&write={change}", host.page),
            (Page::Wordpress, None) => format!("{}json&format=json", host.cart.as_ref()?),
            // An item of its own for each change: the cart is the list of changes.
            (Page::Wordpress, Some(change)) => format!("{}add&format=json&item={visitor}.{change}", host.cart.as_ref()?),
        })
    }

    /// What an answer says of the session.
    pub fn read(self, answer: Result<Answer>, change: Option<u64>) -> Reading {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Reading::unanswered(format!("{error:#}")),
        };
        let read = match self {
            Page::Session => session_page(&answer),
            Page::Wordpress => cart(&answer, change),
        };
        // Errors of WordPress and of nginx come as HTML.
        read.unwrap_or_else(|| Reading::unanswered(format!("status {}, not the page's JSON", answer.status)))
    }
}

impl Reading {
    fn unanswered(trouble: String) -> Self {
        Reading { seen: None, trouble: Some(trouble), uncertain: true }
    }

    /// There was no session. A new cookie all the same would cost the visitor the stored one.
    fn not_started(cookie: Option<String>, trouble: String) -> Self {
        let seen = cookie.map(|cookie| Seen { owner: None, changes: Vec::new(), cookie: Some(cookie), saved: false });
        Reading { seen, trouble: Some(trouble), uncertain: false }
    }
}

fn session_page(answer: &Answer) -> Option<Reading> {
    let page: SessionPage = serde_json::from_slice(&answer.body).ok()?;
    let warning = page.warnings.first().cloned();
    let cookie = answer.cookie.clone();
    if !page.started {
        return Some(Reading::not_started(cookie, warning.unwrap_or_else(|| "session_start() is false".into())));
    }
    let trouble = match (page.saved, warning) {
        (_, Some(warning)) => Some(warning),
        (false, None) => Some("the session was not saved".into()),
        (true, None) if answer.status != 200 => Some(format!("status {}", answer.status)),
        (true, None) => None,
    };
    let seen = Seen { owner: page.owner, changes: page.changes, cookie, saved: page.saved };
    Some(Reading { seen: Some(seen), trouble, uncertain: false })
}

/// The cart shows its lines after the change; what it found are the lines before it.
fn cart(answer: &Answer, change: Option<u64>) -> Option<Reading> {
    let page: CartPage = serde_json::from_slice(&answer.body).ok()?;
    if !page.session_ok {
        return Some(Reading::not_started(
            answer.cookie.clone(),
            format!("WordPress: the session could not be read (status {})", answer.status),
        ));
    }
    let lines: Option<Vec<(u32, u64)>> = page.lines.iter().map(|line| parse_item(&line.item)).collect();
    let lines = lines?;
    let changes = lines.iter().map(|line| line.1).filter(|&line| Some(line) != change).collect();
    let trouble = (!page.saved).then(|| format!("WordPress: the cart could not be stored (status {})", answer.status));
    let seen = Seen { owner: lines.first().map(|line| line.0), changes, cookie: answer.cookie.clone(), saved: page.saved };
    Some(Reading { seen: Some(seen), trouble, uncertain: false })
}

/// Visitor and change of an item: `12.7`.
fn parse_item(item: &str) -> Option<(u32, u64)> {
    let (visitor, change) = item.split_once('.')?;
    Some((visitor.parse().ok()?, change.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer> {
        Ok(Answer { status, cookie: None, body: body.to_owned().into() })
    }

    #[test]
    fn the_session_page() {
        let good = answer(200, r#"{"started":true,"saved":true,"owner":3,"changes":[1,2],"pid":1,"warnings":[]}"#);
        let seen = Seen { owner: Some(3), changes: vec![1, 2], cookie: None, saved: true };
        assert_eq!(Page::Session.read(good, None), Reading { seen: Some(seen), trouble: None, uncertain: false });
        let failed = answer(200, r#"{"started":false,"saved":false,"owner":null,"changes":[],"pid":1,"warnings":["why"]}"#);
        assert_eq!(Page::Session.read(failed, Some(1)), Reading { seen: None, trouble: Some("why".into()), uncertain: false });
        let unsaved = answer(200, r#"{"started":true,"saved":false,"owner":3,"changes":[1],"pid":1,"warnings":["not stored"]}"#);
        let read = Page::Session.read(unsaved, Some(2));
        assert!(!read.seen.unwrap().saved && read.trouble.unwrap() == "not stored");
    }

    #[test]
    fn what_does_not_come_from_the_page_leaves_the_change_uncertain() {
        for bad in [answer(502, "<html>"), answer(200, "{}"), Err(anyhow!("no answer"))] {
            let read = Page::Session.read(bad, Some(1));
            assert!(read.seen.is_none() && read.trouble.is_some() && read.uncertain);
        }
    }

    #[test]
    fn a_new_cookie_without_a_session_is_seen() {
        let body = r#"{"started":false,"saved":false,"owner":null,"changes":[],"pid":1,"warnings":["why"]}"#;
        let burnt = Answer { status: 200, cookie: Some("PHPSESSID=x".into()), body: body.into() };
        assert_eq!(Page::Session.read(Ok(burnt), None).seen.unwrap().cookie.as_deref(), Some("PHPSESSID=x"));
    }

    #[test]
    fn the_cart_before_the_change() {
        let body = r#"{"session_ok":true,"saved":true,"lines":[{"item":"9.1","quantity":1},{"item":"9.2","quantity":1}]}"#;
        let seen = Page::Wordpress.read(answer(200, body), Some(2)).seen.unwrap();
        assert_eq!((seen.owner, seen.changes), (Some(9), vec![1]));
    }
}
