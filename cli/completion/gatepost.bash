# Completion of gatepost in bash. Made by: gatepost completion bash

# _gatepost_row COMMAND: what may follow it. values: OPTION=KIND; arguments: a KIND each,
# with + behind it when it repeats
_gatepost_row()
{
	subcommands= options= values= arguments=
	case $1 in
	'')
		subcommands='spf verify dmarc dkim check try check-config request limits lists greylist status metrics doctor store completion help'
		options='--help --version'
		;;
	'help')
		arguments='words:spf,verify,dmarc,dkim,check,try,check-config,request,limits,lists,greylist,status,metrics,doctor,store,completion'
		;;
	'spf')
		options='--ip --helo --mail-from --dns --config --timeout --json --help --color'
		values='--ip=any --helo=host --mail-from=any --dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		;;
	'verify')
		options='--ip --helo --mail-from --explain --canonical --as-configured --now --dns --config --timeout --json --help --color'
		values='--ip=any --helo=host --mail-from=any --canonical=file --now=any --dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		arguments='file'
		;;
	'dmarc')
		options='--dns --config --timeout --json --help --color'
		values='--dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		arguments='host'
		;;
	'dkim')
		options='--dns --config --timeout --json --help --color'
		values='--dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		arguments='host any'
		;;
	'check')
		options='--self --ip --selector --mail-from --quiet --dns --config --timeout --json --help --color'
		values='--ip=any --selector=any --mail-from=any --dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		arguments='host'
		;;
	'try')
		options='--to --from --ip --helo --rcpt --server --socket --dns --config --timeout --json --help --color'
		values='--to=words:postfix,exim --from=any --ip=any --helo=any --rcpt=any --server=host --socket=file --dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		;;
	'check-config')
		options='--dump --example --man --man-lists --json --help --color'
		values='--color=words:auto,always,never'
		arguments='file'
		;;
	'request')
		options='--socket --config --timeout --json --help --color'
		values='--socket=file -c=file --config=file --timeout=any --color=words:auto,always,never'
		arguments='words:client_address=,client_name=,helo_name=,sender=,recipient=,sasl_username=,protocol_state=,instance=,size=,recipient_count=,queue_id=,policy_context=+'
		;;
	'limits')
		subcommands='show explain reset set overrides'
		options='--rows --all --watch --json --config --socket --direct --help --color'
		values='-n=any --rows=any -c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'limits show')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='users'
		;;
	'limits explain')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='users'
		;;
	'limits reset')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='users limits'
		;;
	'limits set')
		options='--for --json --config --socket --direct --help --color'
		values='--for=any -c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='users limits words:unlimited,default'
		;;
	'limits overrides')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'lists')
		subcommands='test off on retest'
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'lists test')
		options='--dns --config --timeout --json --help --color'
		values='--dns=any -c=file --config=file --timeout=any --color=words:auto,always,never'
		arguments='host'
		;;
	'lists off')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='lists'
		;;
	'lists on')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='lists'
		;;
	'lists retest')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='lists'
		;;
	'greylist')
		subcommands='allow remove'
		options='--client --sender --recipient --json --config --socket --direct --help --color'
		values='--client=any --sender=any --recipient=any -c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'greylist allow')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='host'
		;;
	'greylist remove')
		options='--client --sender --recipient --json --config --socket --direct --help --color'
		values='--client=any --sender=any --recipient=any -c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='host'
		;;
	'status')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'metrics')
		options='--json --config --socket --direct --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'doctor')
		options='--quiet --json --config-dir --postconf --exim --config --socket --help --color'
		values='--config-dir=directory --postconf=file --exim=file -c=file --config=file --socket=file --color=words:auto,always,never'
		arguments='words:config.file,config.access,config.secrets,config.drop-ins,config.hostname,daemon.answers,daemon.config,daemon.trouble,daemon.clients,daemon.resources,daemon.files,store.main,store.local,store.disk,clock,dns.servers,dns.own-name,dns.public,dns.dnssec,lists.tests,lists.daemon,greylist.store,postfix.found,postfix.socket,postfix.asks,postfix.services,postfix.end-of-data,postfix.default-action,postfix.timeout,postfix.connections,postfix.own-field,exim.build,exim.macros,exim.module,exim.options+'
		;;
	'store')
		subcommands='check export import'
		options='--help --color'
		values='--color=words:auto,always,never'
		;;
	'store check')
		options='--config --json --help --color'
		values='-c=file --config=file --color=words:auto,always,never'
		arguments='file'
		;;
	'store export')
		options='--config --store --help --color'
		values='-c=file --config=file --store=any --color=words:auto,always,never'
		arguments='file'
		;;
	'store import')
		options='--config --store --json --help --color'
		values='-c=file --config=file --store=any --color=words:auto,always,never'
		arguments='file'
		;;
	'completion')
		subcommands='bash zsh users limits lists'
		options='--help --color'
		values='--color=words:auto,always,never'
		;;
	'completion bash')
		options='--help --color'
		values='--color=words:auto,always,never'
		;;
	'completion zsh')
		options='--help --color'
		values='--color=words:auto,always,never'
		;;
	'completion users')
		options='--config --socket --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'completion limits')
		options='--config --socket --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	'completion lists')
		options='--config --socket --help --color'
		values='-c=file --config=file --socket=file --color=words:auto,always,never'
		;;
	esac
}

# _gatepost_kind OPTION: sets kind; false: it takes no value
_gatepost_kind()
{
	local pair
	kind=
	for pair in $values; do
		if [[ ${pair%%=*} == "$1" ]]; then kind=${pair#*=}; fi
	done
	[[ $kind ]]
}

# _gatepost_argument NUMBER: sets kind
_gatepost_argument()
{
	local one number=$1
	kind=
	for one in $arguments; do
		kind=${one%+}
		if ((number-- == 0)); then return; fi
	done
	if [[ $arguments != *+ ]]; then kind=; fi
}

# _gatepost_add WORD...: those that begin as value does, with prefix before them
_gatepost_add()
{
	local one
	for one; do
		if [[ $one == "$value"* ]]; then COMPREPLY+=("$prefix$one"); fi
	done
}

# _gatepost_fill: adds what kind allows
_gatepost_fill()
{
	local -a found=()
	case $kind in
	words:*) IFS=, read -ra found <<<"${kind#words:}" ;;
	file) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -f -- "$value") ;;
	directory) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -d -- "$value") ;;
	host) mapfile -t found < <(compgen -A hostname -- "$value") ;;
	users | limits | lists)
		mapfile -t found < <("${words[0]}" completion "$kind" "${given[@]}" 2>/dev/null) ;;
	esac
	_gatepost_add "${found[@]}"
}

_gatepost()
{
	local subcommands options values arguments kind= value prefix= IFS=$' \t\n'
	local line=${COMP_LINE:0:COMP_POINT} row= option= is_over= word left= i taken=0
	local -a words=() given=()
	read -ra words <<<"$line"
	if [[ $line == *[[:space:]] ]]; then words+=(""); fi
	value=${words[${#words[@]} - 1]}
	local whole=$value breaks=${COMP_WORDBREAKS//[^:=]/}
	COMPREPLY=()
	_gatepost_row ''
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $option ]]; then
			case $option in -c | --config | --socket) given+=("$option" "$word") ;; esac
			option=
		elif [[ $word == -- ]]; then
			is_over=yes
		elif [[ $word == -* && ! $is_over ]]; then
			case $word in --config=* | --socket=*) given+=("$word") ;; esac
			if _gatepost_kind "$word"; then option=$word; fi
		elif [[ " $subcommands " == *" $word "* ]]; then
			row=${row:+$row }$word
			_gatepost_row "$row"
		else
			((++taken))
		fi
	done
	if [[ $option ]]; then
		_gatepost_kind "$option"
		_gatepost_fill
	elif [[ $value == --*=* && ! $is_over ]]; then
		prefix=${value%%=*}= value=${value#*=}
		_gatepost_kind "${prefix%=}"
		_gatepost_fill
	elif [[ $value == -* && ! $is_over ]]; then
		_gatepost_add $options
	elif [[ $subcommands ]]; then
		if ((taken == 0)); then _gatepost_add $subcommands; fi
	else
		_gatepost_argument "$taken"
		_gatepost_fill
	fi
	if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
	# bash puts a reply in place of what stands behind the last of its breaks
	if [[ $breaks && $whole == *[$breaks]* ]]; then left=${whole%"${whole##*[$breaks]}"}; fi
	COMPREPLY=("${COMPREPLY[@]#"$left"}")
}

complete -F _gatepost gatepost
