#!/bin/bash
# Sends an SMS through pbx-sms over Asterisk's manager interface with nothing but bash.
#
#     ami_send.sh +79161234567 "Ваш заказ готов" order-84315
#
# Repeats the order with the same Id until it is answered; see docs/ami.md. Host, account and secret are taken from
# AMI_HOST, AMI_PORT, AMI_USER and AMI_SECRET.
set -euo pipefail

number=$1 text=$2 id=$3
host=${AMI_HOST:-127.0.0.1} port=${AMI_PORT:-5038}
text64=$(printf '%s' "$text" | base64 -w0)

exec 3<>"/dev/tcp/$host/$port"
printf 'Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: user\r\n\r\n' "$AMI_USER" "$AMI_SECRET" >&3

# one event after the other: the lines of each until the empty one
next_message() {
    local line
    message=()
    while IFS= read -r -t 5 -u 3 line; do
        line=${line%$'\r'}
        [[ -z $line ]] && return 0
        message+=("$line")
    done
    return 1
}

# the value of a header of the last message
header() {
    local line
    for line in "${message[@]}"; do
        [[ $line == "$1: "* ]] && printf '%s' "${line#*: }" && return 0
    done
    return 1
}

for _ in {1..12}; do
    printf 'Action: UserEvent\r\nUserEvent: PbxSmsSend\r\nTo: %s\r\nText64: %s\r\nId: %s\r\n\r\n' "$number" "$text64" "$id" >&3
    while next_message; do
        if [[ $(header Response || true) == Error ]]; then
            header Message >&2
            exit 1
        fi
        [[ $(header Id || true) == "$id" ]] || continue
        case $(header UserEvent || true) in
            PbxSmsAccepted)
                echo "accepted: message $(header MessageId), $(header Parts) part(s)"
                exit 0
                ;;
            PbxSmsFailed)
                # with MessageId it is an earlier message's end, without it the answer to this order
                header MessageId >/dev/null && continue
                if retry=$(header Retry-After); then
                    sleep "$retry"
                    break
                fi
                header ReasonText >&2
                exit 1
                ;;
        esac
    done
done
echo "pbx-sms does not answer" >&2
exit 1
