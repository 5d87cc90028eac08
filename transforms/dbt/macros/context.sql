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


{#- Lists: they go first where a document is too long. -#}
{% macro context_lists() -%}
    {{ return(['sources', 'conflict_fields', 'recent_cases']) }}
{%- endmacro %}


{#- One field as `"field":value`, null where it is null; `is_masked` for a role that may not see contact points. -#}
{% macro context_entry(field, text_limit, is_masked) -%}
    {%- set mask = context_texts().get(field) if is_masked -%}
    {%- set value = 'policy.' ~ mask ~ '(' ~ field ~ ')' if mask else field -%}
    '"{{ field }}":' ||
    {%- if field == 'recent_cases' %} {{ 'recent_cases_redacted' if is_masked else 'recent_cases' }}
    {%- elif field in context_texts() %} {{ json_text(shortened(value, text_limit)) }}
    {%- elif field.endswith('_at') %} {{ json_text(rfc3339(field)) }}
    {%- else %} {{ json_text(field) }}
    {%- endif %}
{%- endmacro %}


{#- Fields whose entry depends on whether the role is masked. -#}
{% macro masked_fields() -%}
    {%- set found = ['recent_cases'] -%}
    {%- for field, mask in context_texts().items() if mask -%}
        {%- do found.append(field) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#- What stands in every document. -#}
{% macro context_head() -%}
    concat_ws(
            ',',
            '"customer_id":' || {{ json_text('customer_id') }},
            '"publication":' || publication,
            '"oldest_source_at":' || {{ json_text(rfc3339('oldest_source_at')) }}
        )
{%- endmacro %}


{#- The document of a customer for whom the whole one is too long: without lists, and with texts of at most `text_limit`
    characters, or without texts where that is null. -#}
{% macro context_shortened(text_limit) -%}
    '{' || concat_ws(
        ',',
        {{ context_head() }},
        '"shortened":true',
        {% for field in context_fields() if field not in context_lists() and (text_limit or field not in context_texts()) -%}
        case
            when not shows_{{ field }} then null
            {% if field in masked_fields() -%}
            when is_masked then {{ context_entry(field, text_limit, true) }}
            {% endif -%}
            else {{ context_entry(field, text_limit, false) }}
        end{{ ',' if not loop.last }}
        {% endfor -%}
    ) || '}'
{%- endmacro %}


{#- At most `limit` characters; what was longer ends in an ellipsis. -#}
{% macro shortened(value, limit) -%}
    case when length({{ value }}) > {{ limit }} then left({{ value }}, {{ limit - 1 }}) || '…' else {{ value }} end
{%- endmacro %}
