//! Parts of a report as one HTML page: no script, no network, light and dark.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use super::check::Check;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8886;--good:#1a7f37;--bad:#c62828}
@media(prefers-color-scheme:dark){:root{--good:#56d364;--bad:#ff7b72}}
body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem;background:Canvas;color:CanvasText}
h1{font-size:1.6rem}h2{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}
table{border-collapse:collapse;margin:.6rem 0;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top}
td.n,th.n{text-align:right}td.n,tbody th{white-space:nowrap}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto}svg.plot{width:100%;height:auto}summary{cursor:pointer}
.tables{display:flex;flex-wrap:wrap;gap:0 3rem}
svg.plot text{fill:currentColor}";

/// The end of a page.
pub const END: &str = "</main>\n</body>\n</html>\n";

/// The beginning of a page. `style`: what its plots add to the style of reports.
pub fn begin(title: &str, style: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}\n{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    )
}

/// What was run, and when it ended (seconds since 1970).
pub fn made(command: &str, at: u64) -> String {
    format!("<code>{}</code>, {}", escape(command), httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at)))
}

/// A trial that broke off says so before anything else.
pub fn broke_off(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!("<p class=\"bad\">Broke off: {}. Below is what was measured before.</p>\n", escape(why)))
}

/// A table of limits; none where nothing was promised.
pub fn checks(page: &mut String, checks: &[Check]) -> std::fmt::Result {
    if checks.is_empty() {
        return Ok(());
    }
    page.push_str("<table><thead><tr><th>limit</th><th>at most</th><th>measured</th><th></th></tr></thead><tbody>\n");
    for check in checks {
        let [what, limit, measured] = [&check.what, &check.limit, &check.measured].map(|text| escape(text));
        let verdict = verdict(check.met);
        writeln!(page, "<tr><th scope=\"row\">{what}</th><td>{limit}</td><td>{measured}</td><td>{verdict}</td></tr>")?;
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

/// Whether limits were met, in colour and in words.
pub fn verdict(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "<span class=\"good\">met</span>",
        Some(false) => "<span class=\"bad\">MISSED</span>",
        None => "too short to tell",
    }
}

/// Why requests failed, folded; nothing where none did.
pub fn causes<'a>(page: &mut String, causes: impl IntoIterator<Item = (&'a String, &'a u64)>) -> std::fmt::Result {
    let mut causes = causes.into_iter().peekable();
    if causes.peek().is_none() {
        return Ok(());
    }
    page.push_str("<details><summary>Why requests failed</summary><table><thead><tr><th class=\"n\">requests</th><th>cause</th></tr></thead><tbody>\n");
    for (cause, times) in causes {
        writeln!(page, "<tr><td class=\"n\">{times}</td><td>{}</td></tr>", escape(cause))?;
    }
    page.push_str("</tbody></table></details>\n");
    Ok(())
}

/// Text that is no markup.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escape("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
