#!/bin/sh
# SMS to the owner of a mailbox when a voice message was left in it. In voicemail.conf:
#
#   [general]
#   externnotify = /usr/local/bin/pbx-sms-voicemail
#
# Asterisk calls it with the context, the mailbox and how many messages are new, after each message and each time
# somebody listens to one. It writes only when there are more than before. Who owns which mailbox stands in
# /etc/pbx-sms/voicemail, a line each: MAILBOX NUMBER [TEXT], where TEXT may hold {new}.
set -eu

owners=${PBX_SMS_VOICEMAIL:-/etc/pbx-sms/voicemail}
seen=${PBX_SMS_VOICEMAIL_SEEN:-/var/spool/asterisk/pbx-sms-voicemail}
command=${PBX_SMS_COMMAND:-sudo -n -u pbx-sms /usr/local/bin/pbx-sms}

box=${2:?usage: pbx-sms-voicemail CONTEXT MAILBOX NEW}
new=${3:-0}
case $box$new in
*[!0-9]*) echo "pbx-sms-voicemail: not a mailbox and a count: $box $new" >&2 && exit 2 ;;
esac

mkdir -p "$seen"
before=$(cat "$seen/$box" 2>/dev/null || echo 0)
echo "$new" >"$seen/$box"
[ "$new" -gt "$before" ] || exit 0

while read -r owned number text; do
    if [ "$owned" = "$box" ]; then
        [ -n "$text" ] || text='New voice messages: {new}'
        text=$(printf %s "$text" | sed "s/{new}/$new/g")
        # of words that this file gives; a text never becomes a command
        # shellcheck disable=SC2086
        exec $command send --base64 "$number" "$(printf %s "$text" | base64 -w 0)"
    fi
done <"$owners"
