{%- set of_customer = {
    'display_name': 'true', 'last_case_at': 'last_case_at is not null', 'last_contact_at': 'last_contact_at is not null',
    'consent_ai': "consent_ai <> 'unknown'", 'consent_email': "consent_email <> 'unknown'",
    'consent_phone': "consent_phone <> 'unknown'",
} -%}

-- per field, as many rows of provenance as customers with a value: none missing, none twice
with told as (
    select
        field,
        count(*) as values_told
    from {{ ref('field_provenance') }}
    group by field
),

survived as (
    select
        {% for field, _ in surviving_fields() -%}
        count({{ field }}) as {{ field }},
        {% endfor -%}
        count(*) as customers
    from {{ ref('int_customer_survivor') }}
),

published as (
    select
        {% for field, is_there in of_customer.items() -%}
        count(*) filter (where {{ is_there }}) as {{ field }},
        {% endfor -%}
        count(*) as customers
    from {{ ref('customer') }}
),

there as (
    {% for field, _ in surviving_fields() if field not in of_customer -%}
    select
        '{{ field }}' as field,
        {{ field }} as values_there
    from survived

    union all

    {% endfor %}
    {%- for field in of_customer -%}
    select
        '{{ field }}' as field,
        {{ field }} as values_there
    from published
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
)

select
    there.field,
    there.values_there,
    told.values_told
from there
left join told
    on there.field = told.field
where there.values_there <> coalesce(told.values_told, 0)
