"""A visitor of the WordPress pages: cookies, the login form, the demo's cart."""

import re

import requests


class Visitor:
    """One browser. The cookies are kept per host name, not per port: they hold in every Region, as one domain's would."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, url: str, **options: object) -> requests.Response:
        return self.http.get(url, timeout=30, **options)

    def cookie(self, name: str = "PHPSESSID") -> str | None:
        return self.http.cookies.get(name)

    # Login

    def login(self, base: str, user: str, password: str) -> None:
        self.get(f"{base}/wp-login.php")  # The form sets a cookie by which WordPress sees that cookies work.
        answer = self.http.post(
            f"{base}/wp-login.php", timeout=30, allow_redirects=False,
            data={"log": user, "pwd": password, "wp-submit": "Log In", "testcookie": "1", "redirect_to": f"{base}/wp-admin/"},
        )
        if answer.status_code != 302:
            reason = re.search(r'id="login_error">(.*?)</div>', answer.text, re.S)
            raise AssertionError(f"login at {base}: {answer.status_code} {reason.group(1).strip() if reason else ''}")

    def is_logged_in(self, base: str) -> bool:
        return self.get(f"{base}/wp-admin/profile.php", allow_redirects=False).status_code == 200

    def logout(self, base: str) -> None:
        page = self.get(f"{base}/wp-admin/profile.php").text
        link = re.search(r'''href=["']([^"']*action=logout[^"']*)["']''', page)
        if not link:
            raise AssertionError("no link to log out on the profile page")
        self.get(link.group(1).replace("&#038;", "&").replace("&amp;", "&"))

    # Cart

    def cart(self, base: str, action: str = "json", item: str = "") -> dict:
        """One of the cart's addresses; the state as JSON. A session that could not be read or stored is an error."""
        answer = self.cart_response(base, action, item)
        if answer.status_code != 200:
            raise AssertionError(f"cart {action} at {base}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def cart_response(self, base: str, action: str = "json", item: str = "") -> requests.Response:
        return self.get(f"{base}/", params={"demo_cart": action, "item": item, "format": "json"}, allow_redirects=False)
