{# The document of a customer: what stands in it, how long it may be, and what goes first when it is longer. #}

{#- Bytes (UTF-8) that no document passes. -#}
{% macro context_bytes() -%}
    2000
{%- endmacro %}


{#- Fields that people typed, with the mask for a role that may not see contact points; the others are ids, numbers and
    closed words. Texts are shortened, and left out where even that is too long. -#}
{% macro context_texts() -%}
    {{ return({
        'display_name': 'redacted', 'street': 'redacted', 'city': 'redacted', 'region': 'redacted',
        'organisation': 'redacted', 'tier_reason': 'redacted', 'plan': 'redacted', 'owner': 'redacted',
        'owner_reason': 'redacted', 'route_reason': 'redacted', 'email': 'masked_email', 'phone_e164': 'masked_phone',
        'postal_code': none, 'language': none, 'timezone': none, 'owner_employee_id': none,
    }) }}
{%- endmacro %}


{#- Fields in the order of the document (transforms/masking.py, CONTEXT_FIELDS). -#}
{% macro context_fields() -%}
    {{ return([
        'customer_type', 'status', 'display_name', 'language', 'timezone', 'email', 'phone_e164', 'street', 'postal_code',
        'city', 'region', 'country', 'organisation', 'tier', 'tier_reason', 'plan', 'sla_minutes', 'customer_since',
        'lifetime_value', 'currency', 'open_deals', 'open_cases', 'cases_90d', 'last_case_at', 'last_contact_at',
        'consent_ai', 'consent_email', 'consent_phone', 'owner', 'owner_employee_id', 'owner_reason', 'route',
        'route_reason', 'sources', 'match_confidence', 'completeness', 'conflict_fields', 'recent_cases',
    ]) }}
{%- endmacro %}


{#- The document as JSON text. Nulls are left out. `text_limit`: characters of a text before it ends in an ellipsis; null
    leaves texts out. `with_lists`: whether lists stand in it. -#}
{% macro context_document(text_limit, with_lists) -%}
    {%- set lists = ['sources', 'conflict_fields', 'recent_cases'] -%}
    {%- set instants = ['last_case_at', 'last_contact_at'] -%}
    '{' || concat_ws(
        ',',
        '"customer_id":' || {{ json_text('customer_id') }},
        '"publication":' || publication,
        '"oldest_source_at":' || {{ json_text(rfc3339('oldest_source_at')) }},
        {% if not (text_limit and with_lists) -%}
        '"shortened":true',
        {% endif -%}
        {% for field in context_fields() if (with_lists or field not in lists) and (text_limit or field not in context_texts()) -%}
        case
            when shows_{{ field }} then '"{{ field }}":' ||
            {%- if field == 'recent_cases' %}
                case when is_masked then recent_cases_redacted else recent_cases end
            {%- elif field in context_texts() %}
                {{ json_text(shortened(masked(field, context_texts()[field]), text_limit)) }}
            {%- elif field in instants %}
                {{ json_text(rfc3339(field)) }}
            {%- else %}
                {{ json_text(field) }}
            {%- endif %}
        end{{ ',' if not loop.last }}
        {% endfor -%}
    ) || '}'
{%- endmacro %}


{% macro masked(value, mask) -%}
    {%- if mask is none -%}
    {{ value }}
    {%- else -%}
    case when is_masked then policy.{{ mask }}({{ value }}) else {{ value }} end
    {%- endif -%}
{%- endmacro %}


{#- At most `limit` characters; what was longer ends in an ellipsis. -#}
{% macro shortened(value, limit) -%}
    case when length({{ value }}) > {{ limit }} then left({{ value }}, {{ limit - 1 }}) || '…' else {{ value }} end
{%- endmacro %}
