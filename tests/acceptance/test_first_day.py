"""The first day of a new operator: README's commands, then Getting started to its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sandbox.testing import RunningSandbox, running_sandbox
from scripts.demonstration.environment import BACK_OFFICE_PORT, free_port
from tests import browsers
from tests.acceptance.conftest import plain_environment
from tests.browsers import needs_chromium, waiting
from tests.waiting import until

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [needs_chromium, pytest.mark.alone]

PASSWORD = "a ladder came home green"  # of nobody
STORY = {
    "id": "firstday1",
    "subreddit": "firstday",
    "title": "The borrowed ladder",
    "author": "next_door",
    "score": 900,
    "hours_old": 2,
    "body": "My neighbour borrowed our ladder in April. In June it came back painted green. He "
    "said that it looked happier that way. I did not say a word. In the night I went out and "
    "painted his whole fence in the same colour.",
}
STEPS = ("processes", "keys", "account", "source", "channel", "story", "post")


class Installation:
    """An empty installation in ``root``, with the sandbox in place of Reddit and TikTok."""

    def __init__(self, root: Path, sandbox: RunningSandbox, port: int) -> None:
        self.root = root
        self.url = f"http://127.0.0.1:{port}"
        keys = sandbox.settings
        self._environment = plain_environment(root) | {
            "PORT": str(port),
            "PUBLIC_URL": self.url,
            "REDDIT_CLIENT_ID": keys.reddit_client_id,
            "REDDIT_CLIENT_SECRET": keys.reddit_client_secret,
            "REDDIT_URL": sandbox.reddit_url,
            "REDDIT_OAUTH_URL": sandbox.reddit_oauth_url,
            "TIKTOK_CLIENT_KEY": keys.tiktok_client_key,
            "TIKTOK_CLIENT_SECRET": keys.tiktok_client_secret,
            "TIKTOK_API_URL": sandbox.tiktok_url,
            "TIKTOK_AUTHORIZE_URL": f"{sandbox.tiktok_url}/v2/auth/authorize/",
        }

    def manage(self, *words: str, typed: str) -> None:
        """A command of scripts/manage, run to its end."""
        subprocess.run(
            self._command(*words),
            cwd=self.root,
            env=self._environment,
            input=typed,
            text=True,
            check=True,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Every process of the Procfile, as ``scripts/manage run`` keeps them."""
        with (self.root / "run.txt").open("w") as output:
            command = self._command("run")
            process = subprocess.Popen(
                command, cwd=self.root, env=self._environment, stdout=output, stderr=output
            )
            try:
                until(self._answers, "the back office")
                yield
            finally:
                process.terminate()
                process.wait(timeout=60)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "scripts.management", *words]

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=2).ok
        except requests.RequestException:
            return False  # not up yet


class Operator:
    """A person at a browser who reads what is shown, and takes a picture of each step."""

    def __init__(self, driver: WebDriver, pictures: Path) -> None:
        self.driver, self.pictures = driver, pictures
        driver.set_window_size(1280, 1000)

    def see(self, xpath: str) -> WebElement:
        """The first such element that is shown, once there is one."""

        def shown(driver: WebDriver) -> Any:
            found = driver.find_elements(By.XPATH, xpath)
            return next((element for element in found if element.is_displayed()), None)

        element: WebElement = waiting(self.driver).until(shown)
        return element

    def read(self, words: str) -> None:
        """Wait until the page says so."""
        self.see(f"//main//*[contains(normalize-space(), {words!r})]")

    def fill_in(self, label: str, text: str) -> None:
        self.see(f"//*[@id=//label[normalize-space()={label!r}]/@for]").send_keys(text)

    def press(self, words: str, within: str = "//main") -> None:
        """Click the link, button or box with these words."""
        named = f"starts-with(normalize-space(), {words!r})"
        found = self.see(f"{within}//*[self::a or self::button or self::label][{named}]")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def step(self, name: str) -> str:
        return f"//li[@id='step-{name}']"

    def go_back_to_the_steps(self) -> None:
        """By the line that every page has until all is done."""
        self.press("Getting started", "//p[@class='first-next']")

    def sees_it_ticked(self, name: str) -> None:
        """Without a reload."""
        self.see(f"//li[@id='step-{name}' and contains(@class, 'done')]")
        self.picture(name)

    def picture(self, name: str) -> None:
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))


def test_a_new_operator_is_led_to_the_first_published_post(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port = free_port(BACK_OFFICE_PORT)
    pictures = tmp_path_factory.mktemp("pictures")
    webhooks = f"http://127.0.0.1:{port}/webhooks/tiktok"
    with running_sandbox(webhook_url=webhooks) as sandbox, browsers.chromium() as driver:
        sandbox.add_story(**STORY)
        here, office = Operator(driver, pictures), Installation(tree, sandbox, port)

        # Given an empty installation, with the first user that the README says how to add
        office.manage("users", "add", "me", typed=f"{PASSWORD}\n")
        with office.running():
            # When the operator signs in, and follows Getting started
            driver.get(office.url)
            here.picture("sign-in")
            here.fill_in("Name", "me")
            here.fill_in("Password", f"{PASSWORD}{Keys.ENTER}")
            here.read("Set the keys of your TikTok app")
            here.picture("home")
            here.press("Continue")
            take_each_step(here)

            # Then every step is ticked, and the post is on TikTok and in the list of posts
            here.read("All steps are done.")
            here.press("View post", here.step("post"))
            here.read("published")
            here.picture("published-post")
            (published,) = sandbox.posts()
            assert published["creator"] == "storymill_tales", published
            assert "The borrowed ladder" in str(published)
            log = driver.get_log("browser")  # type: ignore[attr-defined]  # Chromium's own
            assert [line for line in log if line["level"] == "SEVERE"] == []


def take_each_step(here: Operator) -> None:
    # The keys are checked by the page itself
    here.sees_it_ticked("keys")

    # The account is connected on TikTok's page, and given an audience
    here.press("Connect account", here.step("account"))
    here.press("Allow")
    here.read("Storymill Tales connected.")
    here.picture("connected")
    here.press("Everyone")
    here.see("//input[@name='agreed']").click()
    here.press("Save", "//form[@id='posting']")
    here.read("Post settings saved.")
    here.picture("audience")
    here.go_back_to_the_steps()
    here.sees_it_ticked("account")

    # The source is fetched at once, and its history fills while it is open
    here.press("Add source", here.step("source"))
    here.fill_in("Name", "First day")
    here.fill_in("Place", "firstday")
    here.picture("new-source")
    here.press("Save")
    here.see("//td//a[normalize-space()='The borrowed ladder']")
    here.picture("fetched")
    here.go_back_to_the_steps()
    here.sees_it_ticked("source")

    # The channel is used by the source that has none
    here.press("Make a channel", here.step("channel"))
    here.fill_in("Name", "Evenings")
    here.picture("new-channel")
    here.press("Save", "//form[@id='channel']")
    here.read("Evenings saved.")
    here.go_back_to_the_steps()
    here.sees_it_ticked("channel")

    # The story is read and approved
    here.press("Read and approve", here.step("story"))
    here.press("The borrowed ladder")
    here.picture("story")
    here.press("Approve")
    here.read("Approved “The borrowed ladder”.")
    here.read("Next: Publish your first post.")
    here.picture("approved")
    here.go_back_to_the_steps()
    here.sees_it_ticked("story")

    # Its page shows the video as it comes, and the video's page its post
    here.press("See how far it is", here.step("post"))
    here.see("//a[@class='part']")
    here.picture("in-production")
    here.press("Video", "//ol[@class='parts']")
    here.read("Posts are scheduled once the video is ready.")
    here.see("//*[@id='posts']//a")
    here.picture("video")

    # And the last step is ticked when it is published
    here.press("Getting started", "//nav")
    for name in STEPS:
        here.sees_it_ticked(name)
