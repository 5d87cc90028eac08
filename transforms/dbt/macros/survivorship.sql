{# How one of a customer's records is preferred to another. The rules themselves are policy (survivorship.yaml).

A record's *order* in a field group is one number, the smaller the better, and never equal for two records of a customer:
quality first, then its position among the customer's records by the rules of the group. The smallest order of each group
(int_winning_order) is then all that survivorship needs: no window per field, and an address stays whole. #}

{% macro survivorship_order(group, quality='0') -%}
    1000000000 * ({{ quality }}) + case
        when preference.{{ group }}_first_rule = 'most_recent' then position_by_recency
        else position_by_rank
    end
{%- endmacro %}


{#- The earliest day, then the record believed most. -#}
{% macro earliest_order(day) -%}
    1000000000 * {{ day_number(day) }} + position_by_rank
{%- endmacro %}


{% macro quality_of(order) -%}
    cast(floor({{ order }} / 1000000000) as bigint)
{%- endmacro %}


{% macro position_of(order) -%}
    {{ order }} % 1000000000
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


{#- Fields that one record wins, each with its group: what survives, and what provenance tells of. -#}
{% macro surviving_fields() -%}
    {{ return([
        ('display_name', 'name'),
        ('given_name', 'name'),
        ('family_name', 'name'),
        ('email', 'email'),
        ('phone_e164', 'phone'),
        ('street', 'address'),
        ('postal_code', 'address'),
        ('city', 'address'),
        ('region', 'address'),
        ('country', 'address'),
        ('language', 'language'),
        ('timezone', 'timezone'),
        ('plan', 'plan'),
        ('customer_since', 'customer_since'),
        ('organisation_id', 'organisation'),
    ]) }}
{%- endmacro %}


{#- Groups that survivorship.yaml rules. -#}
{% macro ruled_groups() -%}
    {{ return(['name', 'email', 'phone', 'address', 'language', 'timezone', 'plan', 'sla', 'organisation', 'owner']) }}
{%- endmacro %}


{#- Groups with an order of their own; `first` is the customer's best record as a whole. -#}
{% macro field_groups() -%}
    {{ return(['first'] + ruled_groups() + ['customer_since']) }}
{%- endmacro %}


{#- What provenance calls it when a better value decided, before any rule of the policy. -#}
{% macro quality_rule(group) -%}
    {{ return({
        'name': 'fuller',
        'address': 'fuller',
        'email': 'personal',
        'phone': 'personal',
        'customer_since': 'earliest',
    }.get(group, 'stated')) }}
{%- endmacro %}


{#- Whether a value that lost says something else about the same thing. A shared mailbox beside a personal one, a value from
    the source's settings or a later first contact are no disagreement; a person's whole name says nothing that its parts
    do not. -#}
{% macro is_conflict(field, group) -%}
    {%- set same_quality = quality_of('pairs.' ~ group ~ '_order') ~ ' = ' ~ quality_of('pairs.won_' ~ group ~ '_order') -%}
    {%- set other_value = comparable('pairs.' ~ field) ~ ' <> ' ~ comparable('pairs.won_' ~ field) -%}
    {%- if field == 'customer_since' -%}
    false
    {%- elif field == 'display_name' -%}
    coalesce({{ other_value }} and pairs.won_given_name is null and pairs.won_family_name is null, false)
    {%- elif field == 'phone_e164' -%}
    {{ same_quality }} and pairs.won_phone_e164 not in (coalesce(pairs.mobile, ''), coalesce(pairs.landline, ''))
    {%- elif group in ('email', 'language', 'timezone') -%}
    {{ same_quality }} and {{ other_value }}
    {%- elif field == 'country' -%}
    not pairs.country_is_filled and {{ other_value }}
    {%- else -%}
    coalesce({{ other_value }}, false)
    {%- endif -%}
{%- endmacro %}
