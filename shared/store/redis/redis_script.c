/* SPDX-License-Identifier: ISC */
/*
 * Lua 5.1 as Redis has it. Time is what counts here, since the server does one thing at a time:
 * one GET and one SET for each subject, numbers taken apart and put together by struct in one call
 * per window, no closures, few tables.
 *
 * The record and the counters asked for are both in the order of their ids and are merged in one
 * pass. The oldest entry comes first, so that new ones go to the end of a table and old ones are
 * left out by beginning later. What GET returned is checked on the way; what is found to be wrong
 * ends the pass, and the second pass takes the key for absent.
 */
#include "store/redis/redis_script.h"

#include <string.h>

/* the lines are Lua's */
/* clang-format off */

/* formats of 65 entries: age and count; a script cuts off what it needs */
#define ENTRIES_5 "BI7BI7BI7BI7BI7"
#define ENTRIES_65                                                                                \
	ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5 \
		ENTRIES_5 ENTRIES_5 ENTRIES_5 ENTRIES_5

/* what all scripts about records begin with */
#define LUA_NAMES                                                          \
	"local unpk, pack, sub = struct.unpack, struct.pack, string.sub\n" \
	"local UNPACK = '<" ENTRIES_65 "'\n"                               \
	"local TOP = 9007199254740992\n" /* 2^53 */

/* v: the record of key, or false; a key of another type is not ours and counts as absent */
#define LUA_GET                                                                 \
	"local v = redis.pcall('GET', key)\n"                                   \
	"if type(v) == 'table' then\n"                                          \
	"  if not string.find(v.err, 'WRONGTYPE', 1, true) then return v end\n" \
	"  v = false\n"                                                         \
	"end\n"

/* pos, size: what follows the head of v */
#define LUA_HEAD                                                     \
	"size = #v\n"                                                \
	"if size < 3 or size > 131072 then good = false break end\n" \
	"local version, length = unpk('<BH', v)\n"                   \
	"pos = length + 4\n"                                         \
	"if version ~= 1 or length > 200 or pos > size + 1 then good = false break end\n"

/* rid, rper, rlast, cnt: the window at pos; its entries follow. rw: milliseconds of a slot */
#define LUA_WINDOW                                                                     \
	"if pos + 15 > size then good = false break end\n"                             \
	"rid, rper, rlast, cnt = unpk('<I4I4I7B', v, pos)\n"                           \
	"pos = pos + 16\n"                                                             \
	"windows = windows + 1\n"                                                      \
	"if rid <= prior or rper < 1000 or rper > 2678400000 or cnt < 1 or cnt > 65\n" \
	"  or windows > 128 or pos + cnt * 8 - 1 > size then good = false break end\n" \
	"prior = rid\n"                                                                \
	"rw = rper + 63\n"                                                             \
	"rw = (rw - rw % 64) / 64\n"                                                   \
	"if rlast * rw > TOP then good = false break end\n"

/* s, shift, now, last, edge: as gp_store_window_advance; an age counts if age * w < edge */
#define LUA_ADVANCE                                              \
	"local s, shift, now = (now0 - now0 % w) / w, 0, now0\n" \
	"if n == 0 then last = s\n"                              \
	"elseif s > last then shift = s - last last = s\n"       \
	"elseif s < last - 1 then last = s\n"                    \
	"elseif s < last then now = last * w end\n"              \
	"local edge = last * w + w - now + p\n"

/* how long amount has to wait for room: as gp_store_window_wait, from the newest entry on */
#define LUA_WAIT(amount, result)                                                       \
	"local room, j = max - " amount ", n - 1\n"                                    \
	"while j >= lo and e[j + 1] <= room do room = room - e[j + 1] j = j - 2 end\n" \
	"if j >= lo then " result " = (last - e[j] + 1) * w + p - now end\n"

/* takes: their begin, the loop over them but for its first line, and what it has to write */
#define LUA_TAKE_BEGIN \
	LUA_NAMES \
	"local PACK = '<I4I4I7B" ENTRIES_65 "'\n" \
	"local END = 4294967296\n" \
	"local now0, full = tonumber(ARGV[1]), ARGV[2] ~= '0'\n" \
	"local answers, nanswers, writes, nwrites = {}, 0, nil, 0\n" \
	/* what is to be written last; writes holds what comes before it, mostly nothing */ \
	"local wkey, wrecord, wttl\n"

#define LUA_TAKE_LOOP \
	"  local key, a = KEYS[i], ARGV[i + 3]\n" \
	"  local alen = #a\n" \
	"  local _, first = unpk('<BH', a)\n" \
	"  first = first + 4\n" \
	LUA_GET \
	"  local good, ttl, longest, changed, crowded, record, before\n" \
	"    = true, 0, 0, false, false, nil, nanswers\n" \
	"  repeat\n" \
	"    local apos, pos, size, kept, prior, windows = first, 1, 0, 0, 0, 0\n" \
	/* 0: the next one is to be read; END: there is none */ \
	"    local aid, rid, per, max, take, back, at, forced, rper, rlast, cnt, rw = 0, 0\n" \
	"    good, ttl, longest, changed, crowded = true, 0, 0, false, false\n" \
	"    nanswers, record = before, sub(a, 1, first - 1)\n" \
	"    if v then repeat\n" \
	LUA_HEAD \
	"    until true end\n" \
	"    while good do\n" \
	"      if aid == 0 then\n" \
	"        if apos > alen then aid = END\n" \
	"        else\n" \
	"          aid, per, max, take, back, at, forced = unpk('<ddddddd', a, apos)\n" \
	"          apos = apos + 56\n" \
	"        end\n" \
	"      end\n" \
	"      local begin = pos\n" \
	"      if rid == 0 then\n" \
	"        if pos > size then rid = END\n" \
	"        else\n" \
	LUA_WINDOW \
	"        end\n" \
	"      else begin = pos - 16 end\n" \
	"      local id, mine, e, n, p, last = aid, aid <= rid, nil, 0, per, 0\n" \
	"      if rid <= aid then\n" \
	"        if rid == END then break end\n" \
	"        e, n, last, id, rid = {unpk(sub(UNPACK, 1, 1 + cnt * 3), v, pos)}, cnt * 2, rlast, rid, 0\n" \
	"        pos = pos + cnt * 8\n" \
	"        if not mine then p = rper end\n" \
	"      else e = {} end\n" \
	"      if mine then aid = 0 end\n" \
	/* the entries of a window that has another length now are checked, and left out */ \
	"      local w, other = rw, n > 0 and p ~= rper\n" \
	"      if n == 0 or other then\n" \
	"        w = p + 63\n" \
	"        w = (w - w % 64) / 64\n" \
	"      end\n" \
	LUA_ADVANCE \
	"      local sum, given, lo, prior_age, hit, hole = 0, 0, 1, 65, -1\n" \
	"      if mine and back ~= 0 then hit = last - (at - at % w) / w end\n" \
	"      for j = 1, n, 2 do\n" \
	"        local age, c = e[j], e[j + 1]\n" \
	"        if age >= prior_age or c < 1 or c > TOP then good = false break end\n" \
	"        prior_age = age\n" \
	"        age = age + shift\n" \
	"        e[j] = age\n" \
	"        if age * w >= edge then lo = j + 2\n" \
	"        else\n" \
	/* a negative release is counted there again */ \
	"          if age == hit then\n" \
	"            given = c < back and c or back\n" \
	"            if c == given then hole = j end\n" \
	"            c = c - given\n" \
	"            if c > TOP then c = TOP end\n" \
	"            e[j + 1] = c\n" \
	"          end\n" \
	"          sum = sum + c\n" \
	"        end\n" \
	"      end\n" \
	"      if not good then break end\n" \
	"      if other then e, n, lo, sum, given, hole, last, now = {}, 0, 1, 0, 0, nil, s, now0 end\n" \
	"      if hole then\n" \
	"        table.remove(e, hole)\n" \
	"        table.remove(e, hole)\n" \
	"        n = n - 2\n" \
	"      end\n" \
	"      if mine and back < 0 and given == 0 and hit >= 0 and hit <= 64 and hit * w < edge then\n" \
	"        local j = lo\n" \
	"        while j < n and e[j] > hit do j = j + 2 end\n" \
	"        table.insert(e, j, -back)\n" \
	"        table.insert(e, j, hit)\n" \
	"        n, sum, given = n + 2, sum - back, back\n" \
	"      end\n" \
	"      if sum > TOP then sum = TOP end\n" \
	"      if mine then\n" \
	"        local wait, no, after = 0, 0, 0\n" \
	"        if take > 0 and sum + take > max then\n" \
	"          if forced == 0 then no = 1 crowded = true end\n" \
	"          if take > max then wait = -1\n" \
	"          else\n" \
	LUA_WAIT("take", \
		"wait") \
	"          end\n" \
	"        end\n" \
	"        if take > 0 then\n" \
	"          if lo < n and e[n - 1] == 0 then\n" \
	"            local c = e[n] + take\n" \
	"            e[n] = c > TOP and TOP or c\n" \
	"          else e[n + 1] = 0 e[n + 2] = take n = n + 2 end\n" \
	"        end\n" \
	"        if max < 1 then after = -1\n" \
	"        elseif sum + take >= max then\n" \
	LUA_WAIT("1", \
				"after") \
	"        end\n" \
	"        nanswers = nanswers + 1\n" \
	"        answers[nanswers] = pack('<dddddd', sum, wait, no, given > 0 and given or 0, after,\n" \
	"          last * w)\n" \
	"        if take > 0 or given ~= 0 then changed = true end\n" \
	"        if p + w > longest then longest = p + w end\n" \
	"      elseif lo < n then\n" \
	"        kept = kept + 1\n" \
	"        if kept > 128 - (alen + 1 - first) / 56 then n = 0 end\n" \
	"      end\n" \
	"      if lo < n then\n" \
	"        local t = (last - e[n - 1] + 1) * w + p - now0\n" \
	"        if t > ttl then ttl = t end\n" \
	"        if mine then\n" \
	"          t = (n - lo + 1) / 2\n" \
	"          record = record .. pack(sub(PACK, 1, 8 + t * 3), id, p, last, t, unpack(e, lo, n))\n" \
	"        else record = record .. sub(v, begin, pos - 1) end\n" \
	"      end\n" \
	"    end\n" \
	"    if not good then v = false end\n" \
	"  until good\n" \
	"  if crowded then full = true end\n" \
	"  if changed then\n" \
	"    if wkey then\n" \
	"      writes = writes or {}\n" \
	"      writes[nwrites + 1], writes[nwrites + 2], writes[nwrites + 3] = wkey, wrecord, wttl\n" \
	"      nwrites = nwrites + 3\n" \
	"    end\n" \
	"    wkey, wrecord = key, #record >= first and record\n" \
	/* making text of a number costs as much as SET itself; mostly the one given will do */ \
	"    wttl = ttl <= longest and ARGV[3] or ttl\n" \
	"  end\n" \
	"end\n"

#define LUA_TAKE_WRITES \
	"for k = 1, nwrites, 3 do\n" \
	"  if writes[k + 1] then redis.call('SET', writes[k], writes[k + 1], 'PX', writes[k + 2])\n" \
	"  else redis.call('DEL', writes[k]) end\n" \
	"end\n" \
	"if wrecord then redis.call('SET', wkey, wrecord, 'PX', wttl)\n" \
	"elseif wkey then redis.call('DEL', wkey) end\n"

static const char take_text[] =
	LUA_TAKE_BEGIN
	"for i = 1, #KEYS do\n"
	LUA_TAKE_LOOP
	"if full then return answers end\n"
	LUA_TAKE_WRITES
	"return answers\n";

/* what is soft comes after the takes; the last word says how many of these there are */
static const char batch_text[] =
	LUA_TAKE_BEGIN
	"local ntakes, LAST = tonumber(ARGV[#ARGV]), 1125899906842624\n" /* 2^50 */
	"for i = 1, ntakes do\n"
	LUA_TAKE_LOOP
	"if not full then\n"
	LUA_TAKE_WRITES
	"end\n"
	"for i = ntakes + 1, #KEYS do\n"
	"  local key, a, v, answer = KEYS[i], ARGV[i + 3], nil, ''\n"
	"  local kind = unpk('<B', a)\n"
	"  if kind == 4 then v = redis.pcall('HGET', key, sub(a, 2)) else v = redis.pcall('GET', key) end\n"
	"  if type(v) == 'table' then\n"
	"    if not string.find(v.err, 'WRONGTYPE', 1, true) then return v end\n"
	"    v = false\n"
	"  end\n"
	/* a record that is none, of a soft fact, is as good as absent */
	"  local there = false\n"
	"  if kind <= 2 and v and #v >= 8 and #v <= 520 then\n"
	"    local version, expires = unpk('<BI7', v)\n"
	"    there = version == 1 and expires > now0 and expires <= LAST\n"
	"  end\n"
	"  if kind == 4 then answer = v or ''\n"
	"  elseif kind <= 2 then\n"
	"    answer = there and v or ''\n"
	"    if kind == 2 then\n"
	"      local _, unless, expires, pos = unpk('<BBd', a)\n"
	"      if unless == 0 or not there then\n"
	"        if expires > now0 then\n"
	"          redis.call('SET', key, pack('<BI7', 1, expires) .. sub(a, pos), 'PX', expires - now0 + 1000)\n"
	"        elseif v then redis.call('DEL', key) end\n"
	"      end\n"
	"    end\n"
	"  else\n"
	"    local _, adds, fp, most, nwindows, pos = unpk('<BBI4BB', a)\n"
	"    local within = {unpk('<' .. string.rep('d', nwindows), a, pos)}\n"
	"    local keep, set, n, new = 0, {}, 0, adds\n"
	"    for j = 1, nwindows do if within[j] > keep then keep = within[j] end end\n"
	"    if v and #v >= 8 and #v <= 1416 and (#v - 8) % 11 == 0 then\n"
	"      local version, expires = unpk('<BI7', v)\n"
	"      local prior, good = 0, version == 1 and expires <= LAST\n"
	"      for p = 9, good and #v or 0, 11 do\n"
	"        local f, t = unpk('<I4I7', v, p)\n"
	"        if t < prior or t > LAST then good = false break end\n"
	"        prior = t\n"
	"        if t > now0 then t = now0 end\n"
	"        if now0 - t < keep then\n"
	"          if adds == 1 and f == fp then new = 0\n"
	"          else set[n + 1], set[n + 2] = f, t n = n + 2 end\n"
	"        end\n"
	"      end\n"
	"      if not good then set, n, new = {}, 0, adds end\n"
	"    end\n"
	"    local first = 1\n"
	"    if adds == 1 then\n"
	"      if n / 2 >= most then first = n - 2 * (most - 1) + 1 end\n"
	"      set[n + 1], set[n + 2] = fp, now0\n"
	"      n = n + 2\n"
	"      local ends = now0 + keep\n"
	"      if ends > LAST then ends = LAST end\n"
	"      redis.call('SET', key, pack('<BI7' .. string.rep('I4I7', (n - first + 1) / 2), 1, ends,\n"
	"        unpack(set, first, n)), 'PX', keep + 1000)\n"
	"    end\n"
	"    answer = pack('<B', new)\n"
	"    for j = 1, nwindows do\n"
	"      local seen = 0\n"
	"      for p = first, n, 2 do if now0 - set[p + 1] < within[j] then seen = seen + 1 end end\n"
	"      answer = answer .. pack('<B', seen > most and most or seen)\n"
	"    end\n"
	"  end\n"
	"  nanswers = nanswers + 1\n"
	"  answers[nanswers] = answer\n"
	"end\n"
	"return answers\n";

static const char forget_text[] =
	LUA_NAMES
	"local key, id = KEYS[1], tonumber(ARGV[1])\n"
	LUA_GET
	"local good, pos, size, windows, prior, left = v ~= false, 1, 0, 0, 0, nil\n"
	"local rid, rper, rlast, cnt, rw\n"
	"repeat\n"
	"  if not good then break end\n"
	LUA_HEAD
	"  local first = pos\n"
	"  while pos <= size do\n"
	"    local begin = pos\n"
	LUA_WINDOW
	"    pos = pos + cnt * 8\n"
	"    if rid == id then left = sub(v, 1, begin - 1) .. sub(v, pos) end\n"
	"  end\n"
	"  if left and #left < first then left = nil good = false end\n"
	"until true\n"
	"if not good then redis.call('DEL', key)\n"
	"elseif left then\n"
	"  local ttl = redis.call('PTTL', key)\n"
	"  if ttl > 0 then redis.call('SET', key, left, 'PX', ttl) else redis.call('SET', key, left) end\n"
	"end\n"
	"return 1\n";

static const char usage_text[] =
	LUA_NAMES
	"local key, now0 = KEYS[1], tonumber(ARGV[1])\n"
	LUA_GET
	"local good, pos, size, windows, prior, found = v ~= false, 1, 0, 0, 0, {}\n"
	"local rid, rper, rlast, cnt, rw\n"
	"repeat\n"
	"  if not good then break end\n"
	LUA_HEAD
	"  found[1] = sub(v, 4, pos - 1)\n"
	"  while pos <= size do\n"
	LUA_WINDOW
	"    local e, n, p, last, w = {unpk(sub(UNPACK, 1, 1 + cnt * 3), v, pos)}, cnt * 2, rper, rlast, rw\n"
	"    pos = pos + cnt * 8\n"
	LUA_ADVANCE
	"    local sum, prior_age = 0, 65\n"
	"    for j = 1, n, 2 do\n"
	"      local age, c = e[j], e[j + 1]\n"
	"      if age >= prior_age or c < 1 or c > TOP then good = false break end\n"
	"      prior_age = age\n"
	"      if (age + shift) * w < edge then sum = sum + c end\n"
	"    end\n"
	"    if not good then break end\n"
	"    if sum > 0 then\n"
	"      local k = #found\n"
	"      found[k + 1], found[k + 2], found[k + 3] = rid, p, sum > TOP and TOP or sum\n"
	"    end\n"
	"  end\n"
	"until true\n"
	"return good and found or {}\n";

static const char sweep_text[] =
	"local key, now = KEYS[1], tonumber(ARGV[1])\n"
	"local page = redis.pcall('HSCAN', key, ARGV[2], 'COUNT', 100)\n"
	"if page.err then return '0' end\n"
	"for i = 1, #page[2], 2 do\n"
	"  local expires = tonumber(string.match(page[2][i + 1], '^(%d+) ') or 0)\n"
	"  if expires > 0 and expires <= now then redis.call('HDEL', key, page[2][i]) end\n"
	"end\n"
	"return page[1]\n";

static const char swap_text[] =
	"local key = KEYS[1]\n"
	LUA_GET
	"if (v or '') ~= ARGV[1] then return v or '' end\n"
	"redis.call('SET', key, ARGV[2], 'PX', ARGV[3])\n"
	"return 1\n";

/* clang-format on */

/* gp_store_redis_script_text: a row for each. */
struct gp_span gp_store_redis_script_text(enum gp_store_redis_script script)
{
	static const struct gp_span texts[GP_STORE_REDIS_SCRIPTS] = {
		[GP_STORE_REDIS_TAKE] = {take_text, sizeof take_text - 1},
		[GP_STORE_REDIS_FORGET] = {forget_text, sizeof forget_text - 1},
		[GP_STORE_REDIS_USAGE] = {usage_text, sizeof usage_text - 1},
		[GP_STORE_REDIS_BATCH] = {batch_text, sizeof batch_text - 1},
		[GP_STORE_REDIS_SWEEP] = {sweep_text, sizeof sweep_text - 1},
		[GP_STORE_REDIS_SWAP] = {swap_text, sizeof swap_text - 1},
	};
	return texts[script];
}

#define HEAD 3    /* bytes before the name */
#define COUNTER 7 /* doubles of a counter, there... */
#define OUTCOME 6 /* ...and back */

/* gp_store_redis_put_double: IEEE 754, little-endian. */
unsigned char *gp_store_redis_put_double(unsigned char *out, int64_t number)
{
	double value = (double)number; /* exact: all are below 2^53 */
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	for (unsigned i = 0; i < 8; i++)
		out[i] = (unsigned char)(bits >> (8 * i));
	return out + 8;
}

/* get_double: the reverse. */
static double get_double(const char *bytes)
{
	uint64_t bits = 0;
	double value;
	for (unsigned i = 0; i < 8; i++)
		bits |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* sort_ids: by insertion; there are few, and mostly in order. */
static void sort_ids(const struct gp_store_keyed *take, uint8_t *order)
{
	for (size_t i = 0; i < take->count; i++) {
		size_t j = i;
		while (j > 0 && take->counts[order[j - 1]].id > take->counts[i].id) {
			order[j] = order[j - 1];
			j--;
		}
		order[j] = (uint8_t)i;
	}
}

/* gp_store_redis_subject_size: head, name, counters. */
size_t gp_store_redis_subject_size(const struct gp_store_keyed *take)
{
	return HEAD + take->name.len + take->count * COUNTER * 8;
}

/* gp_store_redis_subject_encode: the counters in the order of their ids. */
void gp_store_redis_subject_encode(const struct gp_store_keyed *take, unsigned char *out,
	uint8_t order_out[GP_STORE_COUNTS_MAX])
{
	*out++ = 1;
	*out++ = (unsigned char)take->name.len;
	*out++ = (unsigned char)(take->name.len >> 8);
	if (take->name.len)
		memcpy(out, take->name.ptr, take->name.len);
	out += take->name.len;
	sort_ids(take, order_out);
	for (size_t i = 0; i < take->count; i++) {
		const struct gp_store_count *c = &take->counts[order_out[i]];
		const int64_t numbers[COUNTER] = {
			c->id, c->per_ms, c->max, c->take, c->back, c->back_ms, c->forced};
		for (unsigned j = 0; j < COUNTER; j++)
			out = gp_store_redis_put_double(out, numbers[j]);
	}
}

/* get_number: a whole number within bounds; not-a-number is none. */
static bool get_number(const char *bytes, int64_t least, int64_t *number_out)
{
	double value = get_double(bytes);
	if (!(value >= (double)least && value <= (double)(1LL << 53)))
		return false;
	*number_out = (int64_t)value;
	return (double)*number_out == value;
}

/* gp_store_redis_outcome_decode: 48 bytes. */
bool gp_store_redis_outcome_decode(
	const struct redisReply *item, struct gp_store_redis_outcome *outcome_out)
{
	struct gp_span text;
	int64_t refused;
	if (!gp_store_redis_reply_text(item, &text) || text.len != OUTCOME * 8ul ||
		!get_number(text.ptr, 0, &outcome_out->used) ||
		!get_number(text.ptr + 8, -1, &outcome_out->wait_ms) ||
		!get_number(text.ptr + 16, 0, &refused) ||
		!get_number(text.ptr + 24, 0, &outcome_out->given) ||
		!get_number(text.ptr + 32, -1, &outcome_out->after_ms) ||
		!get_number(text.ptr + 40, 0, &outcome_out->at_ms))
		return false;
	outcome_out->refused = refused != 0;
	return true;
}
