{# How one of a customer's records is preferred to another. The rules themselves are policy (survivorship.yaml).

For every field group, a record has one *key* per rule of the group, the smaller the better, in the order of the rules
(int_candidate). The keys, then the record's number, put a customer's records in their places; the first gives the group
whole, so an address stays one record's. #}

{#- Field groups, each with its fields and with what its rules look at:
    said: what the record says in the group; null where it has nothing to say.
    unverified: 0 for a value that is known to be the customer's own, more the less it is.
    missing_parts: how many parts of it the record leaves out.
    beside: columns that bear on whether two of its values disagree. -#}
{% macro field_groups() -%}
    {{ return([
        {'name': 'first', 'fields': [], 'said': 'record_id'},
        {
            'name': 'name',
            'fields': ['display_name', 'given_name', 'family_name'],
            'said': 'display_name',
            'missing_parts': "case when customer_type = 'person' then " ~ missing(['given_name', 'family_name']) ~ ' else 0 end',
        },
        {'name': 'email', 'fields': ['email'], 'said': 'email', 'unverified': 'email_quality'},
        {'name': 'phone', 'fields': ['phone_e164'], 'said': 'phone_e164', 'unverified': 'phone_quality', 'beside': ['mobile', 'landline']},
        {
            'name': 'address',
            'fields': ['street', 'postal_code', 'city', 'region', 'country'],
            'said': "nullif(concat_ws(' ', street, postal_code, city, region, country), '')",
            'missing_parts': missing(['street', 'postal_code', 'city']),
            'beside': ['country_is_filled'],
        },
        {'name': 'language', 'fields': ['language'], 'said': 'language', 'unverified': 'language_quality'},
        {'name': 'timezone', 'fields': ['timezone'], 'said': 'timezone', 'unverified': 'timezone_quality'},
        {'name': 'plan', 'fields': ['plan'], 'said': 'plan'},
        {'name': 'sla', 'fields': ['sla'], 'said': 'sla'},
        {'name': 'customer_since', 'fields': ['customer_since'], 'said': 'cast(customer_since as varchar)'},
        {'name': 'organisation', 'fields': ['organisation_id'], 'said': 'organisation_id'},
        {'name': 'owner', 'fields': [], 'said': 'owner_user_id'},
    ]) }}
{%- endmacro %}


{#- Fields that one record wins, each with its group: what survives, and what provenance tells of. -#}
{% macro surviving_fields() -%}
    {%- set fields = [] -%}
    {%- for group in field_groups() -%}
        {%- for field in group.fields -%}
            {%- do fields.append((field, group.name)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(fields) }}
{%- endmacro %}


{#- Fields whose value a steward may say (transforms/policy/pins.py). -#}
{% macro pinnable_fields() -%}
    {{ return([
        'display_name', 'given_name', 'family_name', 'email', 'phone_e164', 'street', 'postal_code', 'city', 'region',
        'country', 'language', 'timezone', 'plan', 'sla',
    ]) }}
{%- endmacro %}


{#- A group names at most these many rules: each once. -#}
{% macro rule_places() -%}
    {{ return(range(1, 7)) }}
{%- endmacro %}


{#- The key of a candidate by the rule that stands in this place of its group's; equal for all where there is none. -#}
{% macro rule_key(place) -%}
    case rules.rule_{{ place }}
        when 'pinned' then case when pins.record_no is null then 1 else 0 end
        when 'verified' then candidates.unverified
        when 'most_complete' then candidates.missing_parts
        when 'most_frequent' then -frequencies.times
        when 'source_rank' then candidates.source_rank
        when 'most_recent' then candidates.recency
        when 'earliest' then candidates.day
        else 0
    end
{%- endmacro %}


{#- The first rule by which two candidates of a group differ. -#}
{% macro deciding_rule(lost, won) -%}
    case
        {% for place in rule_places() -%}
        when ({{ lost }}.key_{{ place }} is distinct from {{ won }}.key_{{ place }}) then rules.rule_{{ place }}
        {% endfor -%}
        else 'record_key'
    end
{%- endmacro %}


{#- Whether this record gives its customer the group; a customer's only record gives everything. -#}
{% macro gives(group) -%}
    records.record_no = coalesce(winning.{{ group }}_record, records.record_no)
{%- endmacro %}


{#- The fields in which this record gives its customer a value, as a list; the others stand in it as null. -#}
{% macro fields_given() -%}
    [
        {% for field, group in surviving_fields() -%}
        case when records.{{ field }} is not null and {{ gives(group) }} then '{{ field }}' end{{ ',' if not loop.last }}
        {% endfor -%}
    ]
{%- endmacro %}


{#- What a pin says, else what survived. The display name of a person follows pinned parts of it. -#}
{% macro pinned_or_survived(field) -%}
    {%- if field == 'display_name' -%}
    coalesce(
            pinned.display_name,
            case
                when coalesce(pinned.given_name, pinned.family_name) is not null
                    then trim(concat_ws(
                        ' ',
                        coalesce(pinned.given_name, survived.given_name),
                        coalesce(pinned.family_name, survived.family_name)
                    ))
            end,
            survived.display_name
        )
    {%- elif field in pinnable_fields() -%}
    coalesce(pinned.{{ field }}, survived.{{ field }})
    {%- else -%}
    survived.{{ field }}
    {%- endif -%}
{%- endmacro %}


{#- The field that stands in for the name of a customer without one; null where there is none but the id of its best record. -#}
{% macro stand_in(customer) -%}
    case
            when {{ customer }}.email is not null then 'email'
            when {{ customer }}.phone_e164 is not null then 'phone_e164'
        end
{%- endmacro %}


{% macro missing(fields) -%}
    {%- for field in fields -%}
    {{ ' + ' if not loop.first }}case when {{ field }} is null then 1 else 0 end
    {%- endfor -%}
{%- endmacro %}


{#- A personal contact point before a household's, that before a shared one; a placeholder is none. -#}
{% macro contact_quality(value, class) -%}
    case
        when {{ value }} is null or {{ class }} = 'placeholder' then null
        when {{ class }} = 'shared' then 2
        when {{ class }} = 'household' then 1
        else 0
    end
{%- endmacro %}


{#- What the source stated before what was filled from its settings. -#}
{% macro stated_quality(value, field) -%}
    case
        when {{ value }} is null then null
        when {{ has_element('filled', "'" ~ field ~ "'") }} then 1
        else 0
    end
{%- endmacro %}


{#- Whether a value that lost (`lost_`) says something else about the same thing than the one that won (`won_`). A shared
    mailbox beside a personal one, a value from the source's settings or a later first contact are no disagreement; a
    person's whole name says nothing that its parts do not. -#}
{% macro is_conflict(field, group) -%}
    {%- set other_value = comparable('lost_' ~ field) ~ ' <> ' ~ comparable('won_' ~ field) -%}
    {%- if field == 'customer_since' -%}
    false
    {%- elif field == 'display_name' -%}
    case when won_given_name is null and won_family_name is null then coalesce({{ other_value }}, false) else false end
    {%- elif field == 'phone_e164' -%}
    as_good and won_phone_e164 not in (coalesce(lost_mobile, ''), coalesce(lost_landline, ''))
    {%- elif group in ('email', 'language', 'timezone') -%}
    as_good and {{ other_value }}
    {%- elif field == 'country' -%}
    not lost_country_is_filled and {{ other_value }}
    {%- else -%}
    coalesce({{ other_value }}, false)
    {%- endif -%}
{%- endmacro %}
