{# The features of a customer: numbers that follow from its row in `customer` and a date, and from nothing else.

So they can be had for any row of customer_history as well, and never know more than that row. The table customer_feature
and the macro that stands in every concord.duckdb are made of these same lines. A row of nulls (nobody was known) has only
nulls. #}

{% macro features(row, day) -%}
    {{ flag(row, 'customer_type = \'person\'') }} as is_person,
    {{ flag(row, 'status = \'active\'') }} as is_active,
    {{ flag(row, 'tier = \'premium\'') }} as is_premium,
    {{ days_since(row ~ '.customer_since', day) }} as tenure_days,
    cast({{ row }}.lifetime_value as double) as lifetime_value,
    {{ row }}.open_deals as open_deals,
    {{ row }}.open_cases as open_cases,
    {{ row }}.cases_90d as cases_90d,
    {{ days_since(row ~ '.last_case_at', day) }} as days_since_last_case,
    {{ days_since(row ~ '.last_contact_at', day) }} as days_since_last_contact,
    {{ days_since(row ~ '.oldest_source_at', day) }} as days_since_oldest_source,
    {{ flag(row, 'consent_ai = \'granted\'') }} as consent_ai_granted,
    {{ flag(row, 'consent_ai = \'denied\'') }} as consent_ai_denied,
    {{ flag(row, 'email is not null') }} as has_email,
    {{ flag(row, 'phone_e164 is not null') }} as has_phone,
    {{ flag(row, 'street is not null') }} as has_address,
    {{ flag(row, 'owner_employee_id is not null') }} as has_owner,
    {{ flag(row, 'organisation_id is not null') }} as has_organisation,
    {{ row }}.source_count as source_count,
    cast({{ length_of(row ~ '.conflict_fields') }} as integer) as conflicts,
    {{ row }}.match_confidence as match_confidence,
    {{ row }}.completeness as completeness,
    {{ row }}.sla_minutes as sla_minutes,
    {{ flag(row, 'route = \'ai\'') }} as routed_to_ai
{%- endmacro %}


{#- 1 or 0; null where there is no customer. -#}
{% macro flag(row, condition) -%}
    case when {{ row }}.customer_type is not null then cast({{ row }}.{{ condition }} as integer) end
{%- endmacro %}


{#- Whole days up to the date; null where it never was. -#}
{% macro days_since(value, day) -%}
    cast(date_diff('day', cast({{ value }} as date), {{ day }}) as integer)
{%- endmacro %}
