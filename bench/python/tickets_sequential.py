#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ticket prices one after another, with requests.

    bench/python/tickets_sequential.py [--days N] [-q] http://127.0.0.1:8080
"""
import sys

sys.dont_write_bytecode = True
import tickets

requests = tickets.need("requests", "python3-requests")


def one_after_another(task, items, width):
    return map(task, items)


tickets.guard(lambda: tickets.run(requests, tickets.arguments(None), one_after_another))
