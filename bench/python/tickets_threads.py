#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ticket prices on a pool of threads, with requests.

    bench/python/tickets_threads.py [-c 20] [--days N] [-q] http://127.0.0.1:8080
    bench/python/tickets_threads.py --hold -c 1000 http://127.0.0.1:8080
"""
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

sys.dont_write_bytecode = True
import tickets

requests = tickets.need("requests", "python3-requests")


def on_threads(task, items, width):
    pool = ThreadPoolExecutor(width)
    try:
        for future in as_completed([pool.submit(task, item) for item in items]):
            yield future.result()  # raises what the task raised
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


tickets.guard(lambda: tickets.run(requests, tickets.arguments(20), on_threads))
