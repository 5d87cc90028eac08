{# The customer's columns, how two versions of a customer are compared, and what its records have in common. #}

{#- Every column that makes a customer's row, without the number of the publication in which it last changed. -#}
{% macro compared_columns() -%}
    {{ return([
        'customer_type', 'organisation_id', 'status', 'display_name', 'given_name', 'family_name', 'email', 'phone_e164',
        'street', 'postal_code', 'city', 'region', 'country', 'language', 'timezone', 'tier', 'tier_reason', 'plan',
        'sla_minutes', 'customer_since', 'lifetime_value', 'currency', 'open_deals', 'open_cases', 'cases_90d',
        'last_case_at', 'last_contact_at', 'oldest_source_at', 'consent_ai', 'consent_email', 'consent_phone',
        'owner_employee_id', 'owner_reason', 'route', 'route_reason', 'source_count', 'sources', 'match_confidence',
        'completeness', 'conflict_fields',
    ]) }}
{%- endmacro %}


{% macro customer_columns() -%}
    {{ return(['customer_id'] + compared_columns() + ['publication']) }}
{%- endmacro %}


{#- Whether two versions of a customer differ in any column but the publication, and but oldest_source_at: a source that
    delivers the same again makes no customer new. -#}
{% macro differs(left, right) -%}
    {% for column in compared_columns() if column != 'oldest_source_at' -%}
    {{ 'or ' if not loop.first }}{{ left }}.{{ column }} is distinct from {{ right }}.{{ column }}
    {% endfor %}
{%- endmacro %}


{#- What a customer is made of that a person's record and an organisation's have alike. -#}
{% macro party_columns() -%}
    {{ return([
        'source', 'object', 'record_id', 'modified_at', 'observed_at', 'filled', 'email', 'phone', 'street', 'postal_code',
        'city', 'region', 'country', 'language', 'timezone', 'status', 'sla', 'plan', 'created_on', 'last_activity_at',
        'consent_ai', 'consent_email', 'consent_phone', 'owner_user_id',
    ]) }}
{%- endmacro %}
