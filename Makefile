# SPDX-License-Identifier: ISC
# The whole build: lists on top, rules below. Objects and programs go to build/ and nowhere else.
#
#   make                      gatepost-policyd, gatepost and gatepost-exim.so, in build/
#   make check                installs what is missing, builds, runs every test   (T=name: one)
#   make check-variants       builds with clang, and without each optional part, and starts what it built
#   make demo                 a private Postfix and Exim with gatepost at work   (T=postfix, T=exim: one)
#   make bench                the tables of speed and memory
#   make bench-peers          gatepost and other programs of Debian for the same work, in one table
#   make coverage             how much of the source the tests run: a table by directory   (T=name)
#   make compile_commands.json   how each file is compiled, for editors and analysers
#   make record               what the tests see of gatepost, into RECORD=directory (T=name: one script);
#                             tests/support/record.py compare A B shows how two such directories differ
#   make fuzz                 every fuzz target at length (FUZZ_SECONDS each)
#   make install              into $(DESTDIR)$(prefix)
#   make deb                  Debian packages, in build/deb/
#   make rpm                  packages for Fedora and RHEL, in build/rpm/   (RPMFLAGS="--without check")
#   make check-packages       builds and installs the packages on fresh Debian 12 and 13 (20 minutes; RELEASE=trixie: one)
#   make SANITIZE=address,undefined [check], make SANITIZE=thread [check]

VERSION = 0.1.0

# ---- lists ----

BASE    = arena clock decode duration encode err filestamp histogram ipaddr log option shared_lock span strbuf trace
MAIL    = address author author_doubt author_name author_plain author_sight authres body charset charset_name encodedword fold mailbox mboxline message suffix taglist
DNS     = dns dns_cache dns_cache_bounds dns_cache_entry dns_cache_table dns_cache_wanted dns_memo dns_name dns_resolv dns_wire dns_options \
	  dns_wire_build dns_wire_flight dns_wire_gate dns_wire_parse dns_wire_server
SPF     = spf_eval spf_lookup spf_macro spf_mechanism spf_options spf_ptr spf_record spf_text
CRYPTO  = digest library pubkey tls
DKIM    = dkim dkim_body dkim_canon dkim_input dkim_key dkim_key_read dkim_options dkim_sig dkim_trim
ARC     = arc_chain arc_options arc_set arc_trust
TLS_POLICY = tls_policy_record
DMARC   = dmarc_discover dmarc_eval dmarc_options dmarc_record
STORE   = store store_fallback store_line store_move store_open store_options store_soft store_uri store_window \
	  lmdb/lmdb lmdb/lmdb_check lmdb/lmdb_env lmdb/lmdb_files lmdb/lmdb_list lmdb/lmdb_lockfile lmdb/lmdb_move lmdb/lmdb_record \
	  lmdb/lmdb_room lmdb/lmdb_soft lmdb/lmdb_subject lmdb/lmdb_sweep lmdb/lmdb_tend lmdb/lmdb_time
REDIS_FILES = redis/redis redis/redis_ask redis/redis_cluster redis/redis_conn redis/redis_facts redis/redis_key redis/redis_move redis/redis_pool redis/redis_record \
	  redis/redis_reply redis/redis_scan redis/redis_script redis/redis_server redis/redis_soft redis/redis_take
LIMIT   = limit limit_message limit_name limit_options limit_overrides limit_resolve
REPUTATION = reputation_order reputation_reverse greylist/greylist_allow \
	  dnsbl/dnsbl_options dnsbl/dnsbl_judge dnsbl/dnsbl dnsbl/dnsbl_health dnsbl/dnsbl_health_record \
	  dnsbl/dnsbl_question dnsbl/dnsbl_slot dnsbl/dnsbl_test dnsbl/dnsbl_text
REPUTATION += dnsbl/dnsbl_kept
REPUTATION += dnsbl/dnsbl_key dnsbl/dnsbl_list dnsbl/dnsbl_rule dnsbl/dnsbl_table dnsbl/dnsbl_log
CONFIG  = config config_assign config_cursor config_draft config_error config_file config_find config_format config_invisible config_item \
	  config_dnsbl config_lex config_limit config_limit_text config_mistake config_nat64 config_nearest \
	  config_problem config_read config_repeat config_settle config_table config_text config_value config_warn \
	  config_warn_files config_warn_lists config_warner
ENGINE  = authres check_arc check_dkim check_dmarc check_dns check_dnsbl check_limit check_spf checks dmarc_fields dnsbl_fields facts mark match \
	  message_reply pipeline policy record reply sample spf_fields spf_header spf_reply transaction value
OPERATOR = operator_answer operator_limits operator_metrics operator_overrides operator_page operator_store operator_text operator_usage operator_who
OPERATOR += operator_by operator_greylist operator_lists operator_lists_show operator_metrics_lists
RUNTIME = runtime_config runtime_deadline runtime_resolver runtime_store
ENGINE += check_correspondents check_greylist greylist_reason
REPUTATION += greylist/greylist greylist/greylist_change greylist/greylist_domain greylist/greylist_figures greylist/greylist_key greylist/greylist_known \
	  greylist/greylist_look \
	  greylist/greylist_name greylist/greylist_options greylist/greylist_record
LIB     = $(BASE:%=base/%) $(MAIL:%=mail/%) $(DNS:%=dns/%) $(CRYPTO:%=crypto/%) \
	  $(STORE:%=store/%) $(SPF:%=spf/%) $(DKIM:%=dkim/%) $(ARC:%=arc/%) $(DMARC:%=dmarc/%) $(TLS_POLICY:%=tls_policy/%) \
	  $(LIMIT:%=limit/%) $(REPUTATION:%=reputation/%) $(CONFIG:%=config/%) $(ENGINE:%=engine/%) \
	  $(RUNTIME:%=runtime/%) $(OPERATOR:%=operator/%)
DAEMON  = control control_command daemon_main descriptors dns_health excuses heartbeat journal last_good \
	  listen log_file log_limited log_queue log_sink maintenance metrics metrics_dns metrics_process \
	  notify places privileges runtimes shmem socket_activation socket_reach sockets supervise ticker
POLICYD = control_operator control_status counters header_once lists metrics metrics_checks \
	  policy_service protocol reader session stage_learn message_asked own_checks trouble_log
POLICYD += greylist_watch metrics_lists
EXIM    = args authres_spoof bridge lists log_limited process spool verdict
DOCTOR  = cmd_doctor doctor_checks doctor_child doctor_clock doctor_config doctor_daemon doctor_dns \
	  doctor_exim doctor_owner doctor_postconf doctor_postfix doctor_postfix_field doctor_postfix_lists \
	  doctor_postfix_mend doctor_postfix_rewrite doctor_postfix_service doctor_postfix_socket \
	  doctor_postfix_twice doctor_print doctor_program doctor_report doctor_store doctor_text
DOCTOR  += doctor_lists
CLI_STORE = store_check store_directory store_hint store_list store_move store_moved store_open_files store_owner store_told store_user
CLI_COMPLETION = cmd_completion completion_bash completion_zsh
CLI     = main access color command command_find command_help command_options commands cmd_check_config cmd_limits cmd_metrics cmd_request cmd_spf cmd_status cmd_store cmd_verify control \
	  format limits_change limits_overrides limits_show limits_watch mailfile metrics_json mta_view offline table \
	  usage record_json verify_canonical verify_report $(CLI_COMPLETION:%=completion/%) $(CLI_STORE:%=store/%) $(DOCTOR:%=doctor/%)
CLI    += direct answer direct_answer direct_lists log_text place shorten status_lists status_store

# what is kept for a start with broken files; resolv.conf
CONFIG  += config_saved config_started config_resolv

# DNS lists
CONFIG  += config_warn_dnsbl config_text_dnsbl config_dnsbl_keys config_hide

# what looks at a domain, and what tries the mail server
CHECK   = check check_ask check_dkim check_dmarc check_host check_mx check_self check_spf check_tls cmd_check
TRY     = cmd_try try_dialogue try_peer try_reply try_report try_talk
GREYLIST = cmd_greylist greylist_show
LISTS   = cmd_lists lists_change lists_report lists_show lists_test lists_trial
CLI     += cmd_dkim cmd_dmarc dmarc_tags host_names key_report mta_setting policy_client \
	  $(CHECK:%=check/%) $(TRY:%=try/%) $(LISTS:%=lists/%) $(GREYLIST:%=greylist/%)

# yes, if pkg-config knows it
has       = $(shell pkg-config --exists $(1) 2>/dev/null && echo yes)

PKGS      = ldns libbsd libidn2 libpsl jansson lmdb libcrypto libssl

# Redis is optional: REDIS= builds without, the default is to have it where hiredis is
REDIS    := $(call has,hiredis)
STORE    += $(if $(REDIS),$(REDIS_FILES),redis/redis_absent)
PKGS     += $(if $(REDIS),hiredis)
# what daemons alone are linked with
DAEMON_PKGS =

# So is the filter of system calls: SECCOMP= builds without. Sanitizers make calls of their own.
SECCOMP  := $(if $(SANITIZE),,$(call has,libseccomp))
DAEMON   += $(if $(SECCOMP),seccomp,seccomp_absent)
DAEMON_PKGS += $(if $(SECCOMP),libseccomp)

# And the metrics over HTTP: HTTP= builds without
HTTP     := $(call has,libmicrohttpd)
DAEMON   += $(if $(HTTP),http,http_absent)
DAEMON_PKGS += $(if $(HTTP),libmicrohttpd)
TEST_PKGS = cmocka yaml-0.1 jansson

# The module for Exim is built where Exim's header is (exim4-dev); where Exim comes without it, as on
# Fedora, with EXIM_INCLUDE=exim-dlfunc/header
EXIM_INCLUDE := $(patsubst %/local_scan.h,%,$(firstword $(wildcard /usr/include/exim4/local_scan.h \
	  /usr/include/exim/local_scan.h)))

# C tests, a program each; every one of them runs with sanitizers, too
UNIT    = $(wildcard tests/unit/*/test_*.c) $(wildcard tests/unit/*/*/test_*.c) $(wildcard tests/conformance/test_*.c)
SUPPORT = $(wildcard tests/support/*.c)
# tests that look for races run with the thread sanitizer as well
RACES   = test_dns_cache test_dns_cache_fresh test_dns_cache_stale test_dns_wire test_dns_wire_gate test_log_sink test_store_contract test_lmdb_share \
	  test_redis test_redis_cluster
RACES  += test_places test_dnsbl_health_table
# what is not C and runs as it stands
SCRIPTS = $(wildcard tests/lint/test_*.py) $(wildcard tests/blackbox/test_*.py) \
	  $(wildcard tests/mta/test_*.py) $(wildcard tests/conformance/test_*.py)
FUZZ    = $(filter-out $(if $(REDIS),,tests/fuzz/fuzz_redis_%.c),$(wildcard tests/fuzz/fuzz_*.c))

# ---- flags ----

CC      = gcc
CLANG   = clang
PYTHON  = python3
CFLAGS  = -O2 -g
WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wswitch-enum -Wformat=2 -Wvla \
	  -Wmissing-prototypes -Wwrite-strings -Wundef -Werror
SANITIZE =

# A flag, if this compiler takes it
takes    = $(if $(shell $(CC) -Werror -O2 -U_FORTIFY_SOURCE $(1) -include stdio.h -x c -c -o /dev/null \
	     /dev/null 2>/dev/null && echo yes),$(1))
# What makes a fault harder to use; -fcf-protection is for x86, -mbranch-protection for ARM. A compiler
# of a distribution may define _FORTIFY_SOURCE itself, and its packages do: ours comes behind theirs.
HARDEN  := -fPIE -fstack-protector-strong $(call takes,-fstack-clash-protection) $(call takes,-fcf-protection=full) \
	  $(call takes,-mbranch-protection=standard)
FORTIFY := -U_FORTIFY_SOURCE $(or $(call takes,-D_FORTIFY_SOURCE=3),-D_FORTIFY_SOURCE=2)
RELRO    = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

prefix      = /usr/local
bindir      = $(prefix)/bin
moduledir   = $(prefix)/lib/gatepost
sbindir     = $(prefix)/sbin
sysconfdir  = $(prefix)/etc
mandir      = $(prefix)/share/man
bashcompdir = $(prefix)/share/bash-completion/completions
zshcompdir  = $(prefix)/share/zsh/site-functions
docdir      = $(prefix)/share/doc/gatepost
unitdir     = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d

# the public conformance suites; where they are missing, their drivers say so and skip
SUITES  = ../shared/conformance
FUZZ_SECONDS = 300

comma := ,
B      = build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
ifneq ($(SANITIZE),)
HARDEN    = -fPIE
FORTIFY   =
SANFLAGS  = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

pkg_cflags := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# libunistring has no file of pkg-config
pkg_libs   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lunistring
daemon_libs = $(if $(DAEMON_PKGS),$(shell pkg-config --libs $(DAEMON_PKGS)))
test_libs   = $(shell pkg-config --libs $(TEST_PKGS))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DGP_VERSION='"$(VERSION)"' \
	     -DGP_SYSCONFDIR='"$(sysconfdir)"' -Ishared -I. -I$(MADE) $(pkg_cflags) \
	     $(WARN) $(HARDEN) $(SANFLAGS) $(CPPFLAGS) $(CFLAGS) $(if $(filter -O0,$(CFLAGS)),,$(FORTIFY))
ALL_LIBS   = $(pkg_libs) -lpthread
LINK       = $(CC) -fPIE -pie $(SANFLAGS) $(LDFLAGS) $(RELRO) -Wl,--as-needed

lib_objs     = $(LIB:%=$(B)/obj/shared/%.o)
daemon_objs  = $(DAEMON:%=$(B)/obj/daemon/%.o)
policyd_objs = $(POLICYD:%=$(B)/obj/policyd/%.o)
cli_objs     = $(patsubst %,$(B)/obj/cli/%.o,$(filter-out main,$(CLI)))
exim_objs    = $(EXIM:%=$(B)/obj/exim-dlfunc/%.o)
module_objs  = $(EXIM:%=$(B)/pic/exim-dlfunc/%.o) $(B)/pic/exim-dlfunc/dlfunc.o
module       = $(if $(EXIM_INCLUDE),$(if $(SANITIZE),,$(B)/gatepost-exim.so))
support_objs = $(SUPPORT:%.c=$(B)/obj/%.o)
unit_progs   = $(foreach t,$(UNIT),$(B)/tests/$(notdir $(t:.c=)))
fuzz_seed_progs = $(foreach t,$(FUZZ),$(B)/tests/$(notdir $(t:.c=)))
fuzz_progs   = $(foreach t,$(FUZZ),build/fuzz/$(notdir $(t:.c=)))

# make V=1 shows the commands
Q   = $(if $(V),,@)
SAY = @$(if $(V),true,echo)

# what is left out where its library or header is missing, unless it was told to be
about_EXIM_INCLUDE = gatepost-exim.so, without <local_scan.h> (exim4-dev); EXIM_INCLUDE=exim-dlfunc/header builds it
about_REDIS   = stores that hosts share through Redis, without hiredis (libhiredis-dev)
about_SECCOMP = the filter of system calls, without libseccomp (libseccomp-dev)
about_HTTP    = metrics over HTTP, without libmicrohttpd (libmicrohttpd-dev)

# ---- programs ----

.PHONY: all check check-build check-variants check-packages count coverage coverage-run deb rpm demo bench bench-peers record fuzz install clean format deps programs tests races fuzzers generated FORCE
.SECONDARY:
all: programs
programs: $(B)/gatepost-policyd $(B)/gatepost $(module)
	@$(foreach o,EXIM_INCLUDE REDIS SECCOMP HTTP,$(if $($(o))$(SANITIZE)$(filter command,$(origin $(o))),,echo "left out: $(about_$(o))";)) true
tests: programs $(unit_progs) $(fuzz_seed_progs) $(B)/tests/echo_service

$(B)/gatepost-policyd: $(B)/obj/policyd/main.o $(B)/libpolicyd.a $(B)/libdaemon.a $(B)/libgatepost.a
	$(SAY) "link    $@"
	$(Q)$(LINK) -o $@ $^ $(daemon_libs) $(ALL_LIBS)

$(B)/gatepost: $(B)/obj/cli/main.o $(B)/libcli.a $(B)/libgatepost.a
	$(SAY) "link    $@"
	$(Q)$(LINK) -o $@ $^ $(ALL_LIBS)

# Exim's process gets no name of ours but those in exports.map, and lends us none of its own. What
# only limits or Redis need is loaded all the same: but not what nothing of it calls.
$(B)/gatepost-exim.so: $(module_objs) $(B)/libgatepost-pic.a exim-dlfunc/exports.map
	$(SAY) "link    $@"
	$(Q)$(CC) -shared $(LDFLAGS) -o $@ $(module_objs) $(B)/libgatepost-pic.a \
	  -Wl,--version-script=exim-dlfunc/exports.map -Wl,-z,defs $(RELRO) \
	  -Wl,-Bsymbolic -Wl,--gc-sections -Wl,--hash-style=gnu -Wl,-O1 -Wl,--as-needed $(ALL_LIBS)

$(B)/libgatepost-pic.a: $(LIB:%=$(B)/pic/shared/%.o)
$(B)/libgatepost.a: $(lib_objs)
$(B)/libexim.a: $(exim_objs)
$(B)/libcli.a: $(cli_objs)
$(B)/libpolicyd.a: $(policyd_objs)
$(B)/libdaemon.a: $(daemon_objs)
$(B)/libsupport.a: $(support_objs)
$(B)/lib%.a: $(B)/lists
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

# what was compiled with other flags (another prefix, for example) is compiled again, and what was
# made of another list of sources is made again
kept = @mkdir -p $(@D); echo '$(subst ','\'',$(1))' | cmp -s - $@ || echo '$(subst ','\'',$(1))' >$@
$(B)/flags: FORCE
	@tests/support/deps look "$(CC)" $(PKGS) $(DAEMON_PKGS)
	$(call kept,$(CC) $(ALL_CFLAGS))
$(B)/lists: FORCE
	$(call kept,$(LIB) $(DAEMON) $(POLICYD) $(CLI) $(EXIM) $(SUPPORT))
FORCE:

# the table of known DNS lists, as a string of C
MADE = build/made
$(MADE)/reputation/dnsbl/lists.inc: shared/reputation/dnsbl/lists.conf
	@mkdir -p $(@D)
	$(Q)sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< >$@.$$$$ && mv $@.$$$$ $@
$(foreach o,$(B)/obj $(B)/pic build/fuzz/obj,$(o)/shared/reputation/dnsbl/dnsbl_table.o): $(MADE)/reputation/dnsbl/lists.inc

$(B)/obj/%.o: %.c $(B)/flags
	$(SAY) "compile $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(filter tests/%,$<),-Itests) -MMD -MP -c -o $@ $<

$(B)/pic/%.o: %.c $(B)/flags
	$(SAY) "compile $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS:-fPIE=-fPIC) -fvisibility=hidden -ffunction-sections \
	  $(if $(EXIM_INCLUDE),-idirafter $(EXIM_INCLUDE)) -MMD -MP -c -o $@ $<

-include $(shell find $(B)/obj $(B)/pic build/fuzz/obj -name '*.d' 2>/dev/null)

# ---- tests ----

vpath test_%.c $(sort $(dir $(UNIT)))
vpath fuzz_%.c tests/fuzz

test_link = $(Q)mkdir -p $(@D); \
	$(CC) $(ALL_CFLAGS) -Itests -pie $(LDFLAGS) $(RELRO) -o $@ $< $(1) $(B)/libsupport.a $(B)/libpolicyd.a $(B)/libexim.a $(B)/libcli.a \
	$(B)/libdaemon.a $(B)/libgatepost.a $(daemon_libs) $(test_libs) $(ALL_LIBS)
test_deps = $(B)/flags $(B)/libsupport.a $(B)/libpolicyd.a $(B)/libexim.a $(B)/libcli.a \
	$(B)/libdaemon.a $(B)/libgatepost.a $(wildcard tests/*/*.h)

$(B)/tests/test_%: test_%.c $(test_deps)
	$(SAY) "test    $@"
	$(call test_link)

$(B)/tests/fuzz_%: fuzz_%.c tests/fuzz/replay.c $(test_deps)
	$(SAY) "test    $@"
	$(call test_link,tests/fuzz/replay.c)

# what a service of ten lines gets from the daemon around it (tests/blackbox/test_daemon_service.py)
$(B)/tests/echo_service: tests/daemon/echo_service.c $(test_deps)
	$(SAY) "test    $@"
	$(call test_link)

$(B)/bench/%: tests/bench/%.c $(test_deps)
	$(SAY) "bench   $@"
	$(call test_link)

# programs and the tests that look for races, for the thread sanitizer
races: programs $(B)/tests/echo_service $(RACES:%=$(B)/tests/%)

FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE -DGP_VERSION='"$(VERSION)"' -DGP_SYSCONFDIR='"/etc"' \
	      -Ishared -I. -I$(MADE) -Itests $(pkg_cflags) -g -O1 -fno-sanitize-recover=all
fuzz_objs   = $(LIB:%=build/fuzz/obj/shared/%.o) $(DAEMON:%=build/fuzz/obj/daemon/%.o) $(POLICYD:%=build/fuzz/obj/policyd/%.o) \
	      $(EXIM:%=build/fuzz/obj/exim-dlfunc/%.o) build/fuzz/obj/cli/doctor/doctor_postconf.o build/fuzz/obj/cli/try/try_reply.o \
	      $(SUPPORT:%.c=build/fuzz/obj/%.o)

fuzzers: $(fuzz_progs)
build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<
build/fuzz/libfuzz.a: $(fuzz_objs)
	$(Q)rm -f $@ && ar rcs $@ $^
build/fuzz/fuzz_%: fuzz_%.c build/fuzz/libfuzz.a
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^ $(daemon_libs) $(test_libs) $(ALL_LIBS)

deps:
	@tests/support/deps

check: deps
	@CLANG="$(CLANG)" PYTHON="$(PYTHON)" SUITES="$(SUITES)" SANITIZE="$(SANITIZE)" \
	  SOURCES="$(UNIT) $(FUZZ)" RACES="$(RACES)" MAKE="$(MAKE)" T="$(T)" $(PYTHON) tests/support/run.py $(SCRIPTS)

# What a package build runs, as an ordinary user on a machine without a network: the tests that need
# no root, over the programs as they were built; nothing is installed, nothing compiled another way.
# Style is left out: other versions of its tools are no reason not to build.
check-build: tests
	@PLAIN=yes SANDBOX=no PYTHON="$(PYTHON)" SUITES="$(SUITES)" SANITIZE="$(SANITIZE)" \
	  SOURCES="$(UNIT) $(FUZZ)" MAKE="$(MAKE)" T="$(T)" $(PYTHON) tests/support/run.py $(filter-out tests/lint/%,$(SCRIPTS))

# The other compiler, and the builds without optional parts: minutes, as nothing is optimised
check-variants:
	@tests/support/deps clang
	@SCRIPTS=only LIMIT_S=1800 CC="$(CC)" CLANG="$(CLANG)" PYTHON="$(PYTHON)" MAKE="$(MAKE)" T= \
	  $(PYTHON) tests/support/run.py $(wildcard tests/variants/test_*.py)

# It needs no test suite, and the module is compiled against our own copy of Exim's interface where
# Exim's header is missing
demo:
	@tests/support/deps demo
	@EXIM_INCLUDE="$(or $(EXIM_INCLUDE),exim-dlfunc/header)" $(PYTHON) tests/mta/demo.py $(T)

bench: deps
	@$(MAKE) --no-print-directory -s programs
	@CC="$(CC)" $(PYTHON) tests/bench/bench.py
	@CC="$(CC)" $(PYTHON) tests/bench/bench_reputation.py
	@$(MAKE) --no-print-directory -s $(B)/bench/messages
	@$(PYTHON) tests/bench/bench_messages.py
	@$(MAKE) --no-print-directory -s $(B)/bench/notes
	@$(B)/bench/notes $(B)/bench

# T=policy, T=postfix or T=exim: one of the three throwaway machines
bench-peers:
	@tests/support/deps demo
	@$(MAKE) --no-print-directory -s programs EXIM_INCLUDE=$(or $(EXIM_INCLUDE),exim-dlfunc/header)
	@CC="$(CC)" $(PYTHON) tests/bench/peers.py $(T)

# to see that a change of the inside leaves the outside as it was: recorded before, recorded after, compared
RECORD = build/record/out
record: deps
	@$(MAKE) --no-print-directory -s programs
	@SUITES="$(SUITES)" $(PYTHON) tests/support/record.py record -o "$(RECORD)" $(T)

# what a package build compiles for programs, and for tests: debian/build shows how far it is
count:
	@echo $(words $(lib_objs) $(daemon_objs) $(policyd_objs) $(cli_objs) $(if $(module),$(LIB) $(module_objs)) main main) \
	  $(words $(support_objs) $(exim_objs) $(unit_progs) $(fuzz_seed_progs) echo_service)

# Objects of their own, not optimised, so that what a line does stays in that line; without the filter of
# system calls, which would keep a daemon from writing what it has run. T=name: the tests whose name contains it.
coverage: deps
	@$(MAKE) --no-print-directory -s -j$(shell nproc) B=build/coverage SANITIZE= SECCOMP= \
	  CFLAGS="-O0 -g --coverage" LDFLAGS=--coverage coverage-run
coverage_all   = $(unit_progs) $(fuzz_seed_progs) $(filter-out %/test_seccomp_daemon.py,$(filter tests/blackbox/%,$(SCRIPTS)))
coverage_tests = $(if $(T),$(foreach t,$(coverage_all),$(if $(findstring $(T),$(notdir $(t))),$(t))),$(coverage_all))
coverage-run: programs $(B)/tests/echo_service $(filter-out %.py,$(coverage_tests))
	@SUITES="$(SUITES)" $(PYTHON) tests/support/coverage.py $(B) $(coverage_tests)

COMPILE_COMMANDS = compile_commands.json
$(COMPILE_COMMANDS): export FLAGS = $(ALL_CFLAGS)
$(COMPILE_COMMANDS): export CC := $(CC)
$(COMPILE_COMMANDS): export EXIM_INCLUDE := $(EXIM_INCLUDE)
$(COMPILE_COMMANDS): FORCE
	@$(PYTHON) tests/support/compile_commands.py $(LIB:%=shared/%.c) $(DAEMON:%=daemon/%.c) \
	  $(POLICYD:%=policyd/%.c) policyd/main.c $(CLI:%=cli/%.c) $(EXIM:%=exim-dlfunc/%.c) exim-dlfunc/dlfunc.c \
	  $(UNIT) $(SUPPORT) $(FUZZ) $(wildcard tests/fuzz/replay.c tests/bench/*.c tests/daemon/*.c) >$@

fuzz: fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTHON) tests/fuzz/run.py $(fuzz_progs)

generated: programs
	GATEPOST=$(B)/gatepost $(PYTHON) tests/support/manual.py

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

# the places that files speak of, where they are installed
paths = -e 's,@moduledir@,$(moduledir),g' -e 's,@sysconfdir@,$(sysconfdir),g' \
	-e 's,/usr/local/lib/gatepost,$(moduledir),g' -e 's,/usr/local/share/doc/gatepost,$(docdir),g' \
	-e 's,@sbindir@,$(sbindir),g'

install: programs
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(sysconfdir)/gatepost \
	  $(DESTDIR)$(sysconfdir)/gatepost/conf.d $(DESTDIR)$(unitdir) $(DESTDIR)$(sysusersdir) \
	  $(DESTDIR)$(docdir) $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man8
	install -m 755 $(B)/gatepost-policyd $(DESTDIR)$(sbindir)
	install -m 755 $(B)/gatepost $(DESTDIR)$(bindir)
	install -d $(DESTDIR)$(bashcompdir) $(DESTDIR)$(zshcompdir)
	install -m 644 cli/completion/gatepost.bash $(DESTDIR)$(bashcompdir)/gatepost
	install -m 644 cli/completion/_gatepost $(DESTDIR)$(zshcompdir)
ifneq ($(module),)
	install -d $(DESTDIR)$(moduledir) $(DESTDIR)$(docdir)/exim
	install -m 644 $(B)/gatepost-exim.so $(DESTDIR)$(moduledir)
	for f in gatepost.macros debian.macros; do \
	  sed $(paths) exim-dlfunc/$$f >$(DESTDIR)$(moduledir)/$$f || exit 1; done
	install -m 644 exim-dlfunc/gatepost-rcpt.acl exim-dlfunc/gatepost-data.acl $(DESTDIR)$(moduledir)
	for f in acls.conf routers.conf exim.conf; do \
	  sed $(paths) conf-examples/exim/$$f >$(DESTDIR)$(docdir)/exim/$$f || exit 1; done
	sed $(paths) man/gatepost-exim.7 >$(DESTDIR)$(mandir)/man7/gatepost-exim.7
	chmod 644 $(DESTDIR)$(moduledir)/*.macros $(DESTDIR)$(docdir)/exim/*.conf \
	  $(DESTDIR)$(mandir)/man7/gatepost-exim.7
endif
	for f in gatepost-policyd.service gatepost-policyd.socket; do \
	  sed $(paths) policyd/systemd/$$f >$(DESTDIR)$(unitdir)/$$f && chmod 644 $(DESTDIR)$(unitdir)/$$f || exit 1; done
	install -m 644 policyd/systemd/gatepost.sysusers $(DESTDIR)$(sysusersdir)/gatepost.conf
	test -e $(DESTDIR)$(sysconfdir)/gatepost/gatepost.conf || \
	  install -m 644 conf-examples/gatepost.conf $(DESTDIR)$(sysconfdir)/gatepost
	install -m 644 README LICENSE conf-examples/gatepost-*.conf conf-examples/postfix-*.cf $(DESTDIR)$(docdir)
	install -d $(DESTDIR)$(docdir)/monitoring
	install -m 644 conf-examples/monitoring/* $(DESTDIR)$(docdir)/monitoring
	for f in logrotate logcheck fail2ban/filter.d fail2ban/jail.d; do install -d $(DESTDIR)$(docdir)/$$f && \
	  install -m 644 conf-examples/$$f/* $(DESTDIR)$(docdir)/$$f || exit 1; done
	install -d $(DESTDIR)$(docdir)/apparmor
	sed -e 's,/usr/sbin/gatepost-policyd,$(sbindir)/gatepost-policyd,g' -e 's,  /etc/gatepost/,  $(sysconfdir)/gatepost/,' \
	  conf-examples/apparmor/usr.sbin.gatepost-policyd >$(DESTDIR)$(docdir)/apparmor/usr.sbin.gatepost-policyd
	chmod 644 $(DESTDIR)$(docdir)/apparmor/usr.sbin.gatepost-policyd
	install -m 644 man/gatepost.conf.5 $(DESTDIR)$(mandir)/man5
	install -m 644 man/gatepost-lists.7 $(DESTDIR)$(mandir)/man7
	install -m 644 man/gatepost-policyd.8 man/gatepost.8 $(DESTDIR)$(mandir)/man8

deb:
	@debian/build $(B)/deb

rpm:
	@rpm/build $(B)/rpm $(RPMFLAGS)

# Not a part of check: it takes 20 minutes for two releases of Debian (RELEASE=bookworm, RELEASE=trixie: one),
# and the system's package mirror. One after the other: apt knows one user of a cache of packages only.
check-packages: deps
	@SCRIPTS=only JOBS=1 LIMIT_S=10800 PYTHON="$(PYTHON)" MAKE="$(MAKE)" T="$(T)" \
	  $(PYTHON) tests/support/run.py $(wildcard tests/packages/test_*.py)

clean:
	rm -rf build
