#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ticket prices with asyncio, by aiohttp.

    bench/python/tickets_asyncio.py [-c 100] [--days N] [-q] http://127.0.0.1:8080
    bench/python/tickets_asyncio.py --hold -c 1000 http://127.0.0.1:8080
"""
import sys

sys.dont_write_bytecode = True
import tickets

aiohttp = tickets.need("aiohttp", "python3-aiohttp")
import asyncio


async def find_day(url, date):
    """The two steps of a day: a new session each, as in the article."""
    jar = aiohttp.CookieJar(unsafe=True)  # also takes cookies from a host that is a number
    with tickets.blame(date, aiohttp.ClientError, asyncio.TimeoutError):
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            async with session.get(f"{url}/m/") as response:
                await response.read()
                tickets.check(f"{date}, /m/", response.status, "session" in response.cookies)
            async with session.post(f"{url}/m/search", data=tickets.form(date)) as response:
                page = await response.text()
                tickets.check(f"{date}, /m/search", response.status)
    return tickets.read_page(page, date)


async def find_held(session, url):
    """One request of a plateau: no cookies, so one session serves all."""
    async with session.get(url) as response:
        size = len(await response.read())
        tickets.check(url, response.status, size == 100)
    return size


async def main():
    options = tickets.arguments(100)
    result = tickets.Result(options)
    tickets.wait_for_go(options)
    items = iter(range(options.c) if options.hold else options.dates)

    async def work(session):
        for item in items:  # shared: each takes the next one
            if options.hold:
                result.take(await find_held(session, options.held))
            else:
                result.take(await find_day(options.url, item))

    unlimited = aiohttp.TCPConnector(limit=0)  # a session has 100 connections by default
    async with aiohttp.ClientSession(connector=unlimited) as session:
        await asyncio.gather(*(work(session) for _ in range(options.c)))
    result.finish()


tickets.guard(lambda: asyncio.run(main()))
