-- per field, as many rows of provenance as customers with a value: none missing, none twice
with told as (
    select
        field,
        count(*) as values_told
    from {{ ref('field_provenance') }}
    group by field
),

counted as (
    select
        {% for field, _ in surviving_fields() -%}
        count({{ field }}) as {{ field }},
        {% endfor -%}
        count(*) as customers
    from {{ ref('int_customer_survivor') }}
),

consents as (
    select
        {% for purpose in ['ai', 'email', 'phone'] -%}
        count(*) filter (where consent_{{ purpose }} <> 'unknown') as consent_{{ purpose }},
        {% endfor -%}
        count(*) as customers
    from {{ ref('customer') }}
),

there as (
    {% for field, _ in surviving_fields() -%}
    select
        '{{ field }}' as field,
        {{ field }} as values_there
    from counted

    union all

    {% endfor %}
    {%- for purpose in ['ai', 'email', 'phone'] -%}
    select
        'consent_{{ purpose }}' as field,
        consent_{{ purpose }} as values_there
    from consents
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
