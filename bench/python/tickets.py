# SPDX-License-Identifier: MIT
"""What the four scripts have in common: the days, the page, the summary, the command line.

The job is the one of bench/tickets.h, with the same checks and the same last line: for each day
GET /m/ for a session's cookie, POST /m/search with it, cut the connections out of the page.
"""
import argparse
import contextlib
import datetime
import importlib
import os
import re
import resource
import sys
import zlib

FIRST_DAY = datetime.date(2018, 3, 13)
STATIONS = (10203, 10317)
TIMEOUT_S = 300
LINE = re.compile(r'class="select-line"[^>]*>(.*?)</a>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
WORDS = re.compile(r"([0-9:]{5}) &ndash; ([0-9:]{5}) (\d+) free (\d+) CZK")


class Wrong(Exception):
    """An answer is not what it must be."""


class Tickets:
    """What is known of one day, or of all of them together."""

    def __init__(self, date=None):
        self.date = date
        self.days = 0 if date is None else 1
        self.checksum = 0 if date is None else zlib.crc32(f"{date}\n".encode())
        self.count = 0
        self.cheapest = 0
        self.sum = 0

    def take(self, departs, arrives, seats, price):
        """Takes a connection into a day."""
        line = f"{departs} {arrives} {seats} {price}\n"
        self.checksum = zlib.crc32(line.encode(), self.checksum)
        self.cheapest = price if self.count == 0 else min(price, self.cheapest)
        self.count += 1
        self.sum += price

    def add(self, day):
        """Adds a finished day to the total, in any order."""
        self.checksum = (self.checksum + day.checksum) & 0xFFFFFFFF
        self.cheapest = day.cheapest if self.count == 0 else min(day.cheapest, self.cheapest)
        self.days += 1
        self.count += day.count
        self.sum += day.sum

    def day_line(self):
        return (f"{self.date}  {self.count} connections  cheapest {self.cheapest}"
                f"  mean {self.sum / self.count:.2f}")

    def total_line(self):
        return (f"checksum {self.checksum:08X}  days {self.days}  connections {self.count}"
                f"  cheapest {self.cheapest}  mean {self.sum / max(self.count, 1):.2f}")


def read_page(page, date):
    """Cuts the connections out of a page, and checks that it is the whole page of this date."""
    day = Tickets(date)
    for element in LINE.findall(page):
        words = WORDS.fullmatch(" ".join(TAG.sub(" ", element).split()))
        if words is None:
            raise Wrong(f"{date}: a connection is not times, seats and price")
        day.take(words[1], words[2], int(words[3]), int(words[4]))
    found = f'<p class="found">{day.count} connections {STATIONS[0]}-{STATIONS[1]} on {date}</p>'
    if day.count == 0 or found not in page or not page.endswith("</html>\n"):
        raise Wrong(f"{date}: not the page that was asked for, or connections are missing")
    return day


def form(date):
    """The search's form."""
    return {"fromStation": STATIONS[0], "toStation": STATIONS[1], "departure": date}


def check(what, status, good=True):
    """Refuses an answer that is not as it must be."""
    if status != 200 or not good:
        raise Wrong(f"{what}: status {status}" + ("" if good else ", but not what was asked for"))


@contextlib.contextmanager
def blame(what, *kinds):
    """Makes errors of these kinds say what they happened to."""
    try:
        yield
    except kinds as error:
        raise Wrong(f"{what}: {type(error).__name__}: {error}") from error


def need(module, package):
    """Imports a module, or says which package it is in."""
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"missing: {package}", file=sys.stderr)
        sys.exit(69)


def find_day(requests, url, date):
    """The two steps of a day, with requests: a new session each, as in the article."""
    with blame(date, requests.RequestException), requests.Session() as session:
        session.trust_env = False  # no proxy between here and the loopback device
        response = session.get(f"{url}/m/", timeout=TIMEOUT_S)
        check(f"{date}, /m/", response.status_code, "session" in session.cookies)
        response = session.post(f"{url}/m/search", data=form(date), timeout=TIMEOUT_S)
        check(f"{date}, /m/search", response.status_code)
        return read_page(response.text, date)


def find_held(requests, url):
    """One request of a plateau, with requests."""
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(url, timeout=TIMEOUT_S)
        check(url, response.status_code, len(response.content) == 100)
        return len(response.content)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def number(text, least=1):
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number from {least} on')
    return int(text)


def number_or_0(text):
    return number(text, 0)


def arguments(width):
    """Reads the command line; width is what -c is without it, None where there is no -c."""
    parser = Parser(description="the ticket prices of a hundred days")
    parser.add_argument("url", help="the server's, as http://127.0.0.1:8080")
    parser.add_argument("--days", type=number_or_0, default=100)
    parser.add_argument("-q", action="store_true", help="the last line only")
    parser.add_argument("--hold", action="store_true", help="one GET /hold?n=N for each of -c N")
    parser.add_argument("-w", action="store_true", help="say ready, wait for a line, then begin")
    if width is None:
        parser.set_defaults(c=1)
    else:
        parser.add_argument("-c", type=number, default=width, help="in flight")
    options = parser.parse_args()
    options.url = options.url.rstrip("/")
    options.held = f"{options.url}/hold?n={options.c}"
    days = (FIRST_DAY + datetime.timedelta(day) for day in range(options.days))
    options.dates = (day.strftime("%d.%m.%y") for day in days)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return options


def wait_for_go(options):
    """With -w: says that all is loaded, and waits for a line; so that it can be weighed before."""
    if options.w:
        print("ready", flush=True)
        if not sys.stdin.readline():
            raise Wrong("-w, and nobody says go")


class Result:
    """Takes what the tasks find, as it comes, and prints it."""

    def __init__(self, options):
        self.options = options
        self.total = Tickets()
        self.held = 0
        self.bytes = 0

    def take(self, found):
        if self.options.hold:
            self.held += 1
            self.bytes += found
        else:
            self.total.add(found)
            if not self.options.q:
                print(found.day_line())

    def finish(self):
        if self.held != (self.options.c if self.options.hold else 0):
            raise Wrong(f"only {self.held} of {self.options.c} answers came")
        if not self.options.hold and self.total.days != self.options.days:
            raise Wrong(f"only {self.total.days} of {self.options.days} days came")
        if self.options.hold:
            print(f"held {self.held}  bytes {self.bytes}", flush=True)
        else:
            print(self.total.total_line(), flush=True)


def run(requests, options, each):
    """Runs the job: each(task, items, width) yields what the tasks return, as they end."""
    result = Result(options)
    wait_for_go(options)
    if options.hold:
        found = each(lambda item: find_held(requests, options.held), range(options.c), options.c)
    else:
        found = each(lambda date: find_day(requests, options.url, date), options.dates, options.c)
    for one in found:
        result.take(one)
    result.finish()


def guard(main):
    """Runs main; an error is one line and exit 1."""
    try:
        main()
    except Exception as error:  # whatever it is, the run is void and says why
        what = "" if isinstance(error, Wrong) else f"{type(error).__name__}: "
        print(f"{os.path.basename(sys.argv[0])}: {what}{error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)  # not to wait for threads whose answers nobody wants any more
