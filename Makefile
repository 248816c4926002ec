# SPDX-License-Identifier: MIT
# pario needs nothing built: it is one header. This builds what is around it; see `make help`.
#
# A C compiler and make are enough. What else is installed (g++, clang, libcurl's headers, the
# analyzers) adds checks; what is missing is named as skipped.

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# As many jobs as there are processors, unless told otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

# Yours to override: make CC=clang CFLAGS=-O3, make WERROR= where a new compiler warns of more,
# make V=1 to see the commands.
ifeq ($(origin CC),default)
CC = gcc
endif
ifeq ($(origin CXX),default)
CXX = g++
endif
CFLAGS  ?= -O2 -g
LDFLAGS ?=
LDLIBS  ?=
WERROR  ?= -Werror
PREFIX  ?= /usr/local
DESTDIR ?=
INSTALL ?= install

# The tests are many and small: they are compiled for speed of compiling.
TEST_CFLAGS ?= $(if $(filter file,$(origin CFLAGS)),-O1 -g1,$(CFLAGS))

# make SAN=address builds everything below build/address, and so on; see `make sanitize`.
SAN ?=
san_address = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
san_thread  = -fsanitize=thread
san_memory  = -fsanitize=memory -fno-omit-frame-pointer
ifneq ($(SAN),)
ifeq ($(san_$(SAN)),)
$(error SAN=$(SAN) is none of address, thread, memory)
endif
endif
BUILD ?= build$(if $(SAN),/$(SAN)$(if $(findstring clang,$(CC)),-clang))

.PHONY: all
all: headers examples programs clang

# ---------------------------------------------------------------------------------------------
# How to compile

# $(call say,WORD): what is made, in place of the command that makes it.
say = $(if $(V),,@echo '  $(1)' $@ &&) mkdir -p $(@D) &&

# Whether a command is installed, and the line that says it is not.
have = $(shell command -v $(firstword $(1)) 2>/dev/null)
skip = @echo 'skipped: $(strip $(1)), as $(strip $(2)) is not installed'

have_cxx   := $(call have,$(CXX))
have_clang := $(call have,clang)
have_go    := $(call have,go)
have_ssl   := $(shell $(CC) -E -include openssl/ssl.h -x c /dev/null >/dev/null 2>&1 && echo yes)
have_mbed  := $(shell $(CC) -E -include mbedtls/ssl.h -x c /dev/null >/dev/null 2>&1 && echo yes)
have_curl  := $(shell $(CC) -E -include curl/curl.h -x c /dev/null >/dev/null 2>&1 && echo yes)

# What get and fetch_many have https by: openssl, mbedtls or none.
TLS ?= $(if $(have_ssl),openssl,$(if $(have_mbed),mbedtls,none))
tls_define_openssl = -DCLI_OPENSSL
tls_define_mbedtls = -DCLI_MBEDTLS
tls_libs_openssl   = -lssl -lcrypto
tls_libs_mbedtls   = -lmbedtls -lmbedx509 -lmbedcrypto

# The strict warnings: $(call warnings,COMPILER) needs the file $(call flags,COMPILER), which
# leaves out what this compiler does not know.
if_clang = $(if $(findstring clang,$(1)),$(2),$(3))
flags    = build/flags/$(notdir $(lastword $(1)))
warnings = @$(call flags,$(1)) $(WERROR)
strict   = $(if $(findstring ++,$(1)),$(call if_clang,$(1),clang++,g++),$(call if_clang,$(1),clang,gcc))

build/flags/%: tests/analyze/supported $(wildcard tests/analyze/warnings/*)
	@mkdir -p $(@D)
	@sh tests/analyze/supported $* tests/analyze/warnings/$(call strict,$*) > $@

# Programs need not be C++ too, nor get by with a fiber's stack; and glibc's sa_handler is a
# macro that names itself.
c_only = $(call if_clang,$(1),-Wno-disabled-macro-expansion,-Wno-c++-compat -Wno-stack-usage)

depend = -MMD -MP -MF $@.d
c      = $(CC) -std=gnu11 $(call warnings,$(CC)) $(call c_only,$(CC)) $(san_$(SAN)) -I. $(depend)
cxx    = $(CXX) -std=gnu++17 $(call warnings,$(CXX)) $(san_$(SAN)) -I. $(depend)
ld     = $(san_$(SAN)) $(LDFLAGS) -pthread $(LDLIBS)

# ---------------------------------------------------------------------------------------------
# The header, as every language that it is written for

HEADER_CHECKS :=

# $(call check_header,NAME,COMPILER,LANGUAGE,OPTIONS)
define check_header
HEADER_CHECKS += build/check/$(1)
build/check/$(1): pario.h $(call flags,$(2))
	$$(call say,CHECK)$(2) $(call warnings,$(2)) $(4) -include pario.h -x $(3) -c /dev/null -o $$@
endef

c_whole   = -DPARIO_IMPLEMENTATION -D_DEFAULT_SOURCE -O2
cxx_whole = -DPARIO_IMPLEMENTATION -O2

$(eval $(call check_header,gcc-c99-declarations,gcc,c,-std=c99))
$(eval $(call check_header,gcc-c11,gcc,c,-std=c11 $(c_whole)))
$(eval $(call check_header,gcc-c17,gcc,c,-std=c17 $(c_whole)))
$(eval $(call check_header,gcc-ndebug,gcc,c,-std=gnu11 $(c_whole) -DNDEBUG))
$(eval $(call check_header,gcc-static,gcc,c,-std=gnu11 $(c_whole) -DPARIO_STATIC))
$(eval $(call check_header,gcc-no-fibers,gcc,c,-std=gnu11 $(c_whole) -DPARIO_NO_FIBERS))
ifneq ($(call have,g++),)
$(eval $(call check_header,g++-c++11-declarations,g++,c++,-std=c++11))
$(eval $(call check_header,g++-c++17,g++,c++,-std=c++17 $(cxx_whole)))
$(eval $(call check_header,g++-c++20,g++,c++,-std=c++20 $(cxx_whole)))
endif
ifneq ($(have_clang),)
$(eval $(call check_header,clang-c99-declarations,clang,c,-std=c99))
$(eval $(call check_header,clang-c11,clang,c,-std=c11 $(c_whole)))
$(eval $(call check_header,clang-c17,clang,c,-std=c17 $(c_whole)))
$(eval $(call check_header,clang++-c++11-declarations,clang++,c++,-std=c++11))
$(eval $(call check_header,clang++-c++17,clang++,c++,-std=c++17 $(cxx_whole)))
$(eval $(call check_header,clang++-c++20,clang++,c++,-std=c++20 $(cxx_whole)))
endif

.PHONY: headers
headers: $(HEADER_CHECKS)
	$(if $(call have,g++),,$(call skip,the header as C++ with gcc,g++))
	$(if $(have_clang),,$(call skip,the header with clang,clang))

# ---------------------------------------------------------------------------------------------
# The examples: examples/NAME.c is build/NAME

EXAMPLES     := $(patsubst examples/%.c,$(BUILD)/%,$(wildcard examples/*.c))
EXAMPLES_CXX := $(patsubst examples/%.cc,$(BUILD)/%,$(wildcard examples/*.cc))

.PHONY: examples
examples: $(EXAMPLES) $(if $(have_cxx),$(EXAMPLES_CXX))
	$(if $(have_cxx),,$(call skip,$(EXAMPLES_CXX),$(CXX)))
	$(if $(filter none,$(TLS)),$(call skip,https in get and fetch_many,OpenSSL or Mbed TLS))

$(EXAMPLES): $(BUILD)/%: examples/%.c $(call flags,$(CC))
	$(call say,CC)$(c) $(CFLAGS) $(with_tls) $< -o $@ $(ld) $(libs_tls)

# Which program has https is part of its command, so that another TLS= builds it anew.
$(BUILD)/get $(BUILD)/fetch_many: with_tls = $(tls_define_$(TLS))
$(BUILD)/get $(BUILD)/fetch_many: libs_tls = $(tls_libs_$(TLS))
$(BUILD)/get $(BUILD)/fetch_many: build/flags/tls-$(TLS)

build/flags/tls-$(TLS):
	@mkdir -p $(@D)
	@rm -f build/flags/tls-*
	@touch $@

$(EXAMPLES_CXX): $(BUILD)/%: examples/%.cc $(call flags,$(CXX))
	$(call say,CXX)$(cxx) $(CFLAGS) $< -o $@ $(ld)

# ---------------------------------------------------------------------------------------------
# The benchmarks: some small programs, and the experiment, which is all other files

ALONE      := ticket_server hold_client parse_head least
EXPERIMENT := $(filter-out $(ALONE) ticket_%,$(patsubst bench/%.c,%,$(wildcard bench/*.c)))
ALL_PEERS  := $(patsubst bench/peers/%.c,%,$(wildcard bench/peers/*.c))
NO_PEERS   := $(if $(have_curl),,$(filter peer_curl,$(ALL_PEERS)))
PEERS      := $(filter-out $(NO_PEERS),$(ALL_PEERS))

.PHONY: programs
programs: $(ALONE:%=$(BUILD)/%) $(BUILD)/experiment $(PEERS:%=$(BUILD)/%) $(if $(have_go),$(BUILD)/peer_go)
	$(if $(NO_PEERS),$(call skip,$(BUILD)/peer_curl,libcurl))
	$(if $(have_go),,$(call skip,$(BUILD)/peer_go,go))

# The report says how the programs were compiled.
$(BUILD)/bench/machine.o: c += -DBENCH_FLAGS='"-std=gnu11 $(CFLAGS)"'

$(BUILD)/bench/%.o: bench/%.c $(call flags,$(CC))
	$(call say,CC)$(c) $(CFLAGS) -c $< -o $@

$(BUILD)/ticket_server: $(BUILD)/bench/ticket_pages.o $(BUILD)/bench/ticket_request.o

$(ALONE:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/bench/%.o
	$(call say,LINK)$(CC) $^ -o $@ $(ld)

$(BUILD)/experiment: $(EXPERIMENT:%=$(BUILD)/bench/%.o)
	$(call say,LINK)$(CC) $^ -o $@ $(ld) -lm

$(PEERS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/bench/peers/%.o
	$(call say,LINK)$(CC) $< -o $@ $(ld) $(if $(filter %curl,$@),-lcurl)

$(BUILD)/peer_go: bench/peers/peer_go.go
	$(call say,GO)go build -o $@ $<

# ---------------------------------------------------------------------------------------------
# The same programs as clang sees them

CLANG_SOURCES := $(wildcard examples/*.c bench/*.c) $(PEERS:%=bench/peers/%.c)

.PHONY: clang
clang: $(if $(have_clang),$(CLANG_SOURCES:%=build/check/%.o))
	$(if $(have_clang),,$(call skip,the programs with clang,clang))

build/check/%.c.o: %.c $(call flags,clang)
	$(call say,CHECK)clang -std=gnu11 $(call warnings,clang) $(call c_only,clang) -I. $(depend) -c $< -o $@

# ---------------------------------------------------------------------------------------------
# The tests: test_*.c for the sections, e2e_*.c against the server in server.c, and scripts

TESTS   := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/test_*.c)) $(sort $(wildcard tests/e2e_*.c)) tests/simulate.c)
SCRIPTS := $(sort $(wildcard tests/*.sh))

.PHONY: tests test
tests: $(TESTS)

test: tests examples programs
	@BUILD=$(BUILD) tests/run -j 3 -e $(BUILD)/provoked $(TESTS) $(SCRIPTS)

# The experiment without its main, of which all is computing and writing.
$(BUILD)/tests/test_experiment: $(patsubst %,$(BUILD)/bench/%.o,$(filter-out experiment,$(EXPERIMENT)))
$(BUILD)/tests/test_experiment: LDLIBS += -lm

# Those that do not have the implementation in themselves share one.
WITHOUT := $(patsubst tests/%.c,$(BUILD)/tests/%,$(shell grep -LE 'PARIO_IMPLEMENTATION|"core\.h"|"fuzz/|"bench/' tests/test_*.c tests/e2e_*.c))
$(WITHOUT): $(BUILD)/tests/pario.o

# With every access checked, what computes little is compiled longer than it is run.
ifneq ($(SAN),)
COMPUTE := e2e_peers e2e_stream simulate test_faults test_fuzz test_fuzz_executors
$(filter-out $(COMPUTE:%=$(BUILD)/tests/%),$(TESTS)): private TEST_CFLAGS = $(if $(filter file,$(origin CFLAGS)),-O0 -g,$(CFLAGS))
endif

$(TESTS): $(BUILD)/tests/%: tests/%.c $(BUILD)/tests/server.o $(call flags,$(CC))
	$(call say,CC)$(c) $(TEST_CFLAGS) -Itests $< $(filter %.o,$^) -o $@ $(ld)

# The server is not what is tested: it is not optimised again for each program it is linked with.
$(BUILD)/tests/server.o: private TEST_CFLAGS := $(filter-out -flto,$(TEST_CFLAGS))

$(BUILD)/tests/server.o $(BUILD)/tests/pario.o: $(BUILD)/tests/%.o: tests/%.c $(call flags,$(CC))
	$(call say,CC)$(c) $(TEST_CFLAGS) -Itests -c $< -o $@

# The test programs again, with every access and every lock checked as they run.
.PHONY: sanitize sanitized
sanitize:
	$(MAKE) SAN=address sanitized
	$(MAKE) SAN=thread sanitized
	$(if $(have_clang),$(MAKE) SAN=address CC=clang sanitized,$(call skip,SAN=address with clang,clang))
	$(if $(have_clang),$(MAKE) SAN=memory CC=clang sanitized,$(call skip,SAN=memory,clang))

# TSan and MSan need addresses that are not too random, where that can be had.
fixed_addresses = $(if $(filter thread memory,$(SAN)),$(shell setarch -R true 2>/dev/null && echo setarch -R))

# Of what is simulated, and of inputs that are replayed, TSan sees one thread.
CHECKED = $(filter-out $(if $(filter thread,$(SAN)),%/simulate %/test_fuzz %/test_fuzz_executors),$(TESTS))
sanitized: $(CHECKED)
	@BUILD=$(BUILD) TSAN_OPTIONS=atexit_sleep_ms=0 $(fixed_addresses) tests/run -j 3 -t 600 $(CHECKED)

# The tests in other builds, on other machines and under valgrind: VARIANTS='i686 s390x' for some.
.PHONY: matrix valgrind coverage peers
matrix:
	@tests/matrix $(or $(VARIANTS),$(filter-out $(VALGRIND),$(shell tests/matrix -l)))

VALGRIND := memcheck helgrind
valgrind:
	@tests/matrix $(VALGRIND)

coverage:
	@tests/coverage

# Real servers, as many requests to each.
REQUESTS ?= 100000
peers: $(BUILD)/tests/e2e_peers
	@REQUESTS=$(REQUESTS) tests/run -t 1800 $<

# A client in a world that a seed decides, and inputs that nobody has thought of: each target for
# so many seconds, with clang. tests/README.md says what they look for.
SEEDS   ?= 10000
SECONDS ?= 60

.PHONY: simulate simulate-bite fuzz
simulate: $(BUILD)/tests/simulate
	@$(BUILD)/tests/simulate --seeds $(SEEDS) -j $(shell nproc 2>/dev/null || echo 1)

simulate-bite:
	@BUILD=$(BUILD) CC='$(CC)' tests/simulate_bite

fuzz:
	@BUILD=$(BUILD) tests/fuzz/run $(SECONDS)

# ---------------------------------------------------------------------------------------------
# The experiment

# What to say to it: make bench BENCH='--rounds 1 --scale 0.01'; build/experiment --help.
BENCH ?=

.PHONY: bench bench-full bench-results bench-load
bench: examples programs
	@$(BUILD)/experiment $(BENCH)

bench-full: examples programs
	@$(BUILD)/experiment --full $(BENCH)

# How near a loop written by hand; make bench-load LOAD=--smoke for the shortest run.
LOAD ?=

bench-load: examples programs
	@BUILD=$(BUILD) CC=$(CC) bench/load $(LOAD)

# All that is checked in of one run: its figures, the picture, and the table in the README.
bench-results: examples programs
	@ROUNDS=$${ROUNDS:-5} $(BUILD)/experiment --results bench/RESULTS.md \
	    --picture bench/picture.svg --readme README.md $(BENCH)

# ---------------------------------------------------------------------------------------------
# Analysis and layout

.PHONY: analyze proofs mutants format-check format
analyze:
	@tests/analyze/run

# What is proven, and to what bound: tests/proofs/README.md.
proofs:
	@tests/proofs/run

# Faults planted into the header, each of which some check must see; FAST=1 asks every fast check,
# ALL=1 every one.
mutants:
	@ALL=$(ALL) FAST=$(FAST) BUILD=$(BUILD) tests/mutants/run $(MUTANTS)

format-check:
	@tests/analyze/run format

format:
	clang-format -i pario.h $(wildcard tests/*.[ch] tests/proofs/*/*.[ch] examples/*.[ch] examples/*.cc bench/*.[ch] bench/peers/*.[ch])

# ---------------------------------------------------------------------------------------------
# Installing

VERSION = $(shell sed -n 's/^.define PARIO_VERSION "\(.*\)"/\1/p' pario.h)

.PHONY: install uninstall
install:
	$(INSTALL) -d '$(DESTDIR)$(PREFIX)/include' '$(DESTDIR)$(PREFIX)/share/pkgconfig'
	$(INSTALL) -m 644 pario.h '$(DESTDIR)$(PREFIX)/include/pario.h'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' pario.pc.in \
	    > '$(DESTDIR)$(PREFIX)/share/pkgconfig/pario.pc'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/include/pario.h' '$(DESTDIR)$(PREFIX)/share/pkgconfig/pario.pc'

# ---------------------------------------------------------------------------------------------

.PHONY: clean help
clean:
	rm -rf build

help:
	@echo 'make               the header checked, the examples and benchmarks built'
	@echo 'make test          all tests; gcc and make are enough'
	@echo 'make examples      examples/NAME.c as build/NAME'
	@echo 'make bench         the experiment: time and memory of every executor'
	@echo 'make bench-full    the same at full scale: takes long'
	@echo 'make bench-load    system calls, instructions, CPU and bytes beside a loop by hand'
	@echo 'make bench-results what the README and bench/RESULTS.md show of it, measured anew'
	@echo 'make sanitize      the tests under ASan and UBSan, TSan and MSan'
	@echo 'make valgrind      the tests under memcheck and helgrind'
	@echo 'make matrix        other optimisations, compilers, libcs and machines; VARIANTS=i686'
	@echo 'make coverage      all lines of the implementation, and 95 of 100 branches?'
	@echo 'make peers         REQUESTS=100000 to nginx, Apache, haproxy and Python each'
	@echo 'make simulate      SEEDS=10000: whole clients in a simulated world'
	@echo 'make simulate-bite does the simulation see faults that are planted?'
	@echo 'make fuzz          SECONDS=60 for each target: needs clang'
	@echo 'make analyze       all static analyzers installed: tests/analyze/README.md'
	@echo 'make proofs        the core proven, the threads modelled: tests/proofs/README.md'
	@echo 'make mutants       do the checks see planted faults? FAST=1, ALL=1: which of them do'
	@echo 'make format-check  is the layout what clang-format makes of it?'
	@echo 'make format        makes it so'
	@echo 'make install       PREFIX=/usr/local DESTDIR=: the header and a pkg-config file'
	@echo 'make uninstall     takes them away again'
	@echo 'make clean         removes build/'
	@echo
	@echo 'Yours to set: CC CXX CFLAGS TEST_CFLAGS LDFLAGS LDLIBS BUILD BENCH LOAD. V=1 shows'
	@echo 'the commands, WERROR= keeps warnings from being errors, SAN=address, thread or'
	@echo 'memory (CC=clang) builds with a sanitizer, below build/SAN.'

-include $(shell find build -name '*.d' 2>/dev/null)
