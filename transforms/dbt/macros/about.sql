{# The customers that a case, an activity or a deal is about. #}

{#- Rows of `relation` with the customers of the person and of the organisation that they name; null where unknown. -#}
{% macro with_named_customers(relation) -%}
    select
        about.*,
        persons.customer_id as person_customer_id,
        organisations.customer_id as organisation_customer_id
    from {{ relation }} as about
    left join {{ source('identity', 'link') }} as persons
        on about.source = persons.source
        and about.person_object = persons.object
        and about.person_record_id = persons.record_id
    left join {{ source('identity', 'link') }} as organisations
        on about.source = organisations.source
        and about.organisation_object = organisations.object
        and about.organisation_record_id = organisations.record_id
{%- endmacro %}


{#- One row per customer and row of `relation`, with `columns`: it counts for the person and for the organisation that it
    names, or else the one the person belongs to; once where both are the same. -#}
{% macro per_customer(relation, columns) -%}
    select
        person_customer_id as customer_id,
        {{ columns | join(', ') }}
    from {{ relation }}
    where person_customer_id is not null

    union all

    select
        coalesce({{ relation }}.organisation_customer_id, persons.organisation_id) as customer_id,
        {{ columns | join(', ') }}
    from {{ relation }}
    left join {{ ref('int_customer_survivor') }} as persons
        on {{ relation }}.person_customer_id = persons.customer_id
    where
        coalesce({{ relation }}.organisation_customer_id, persons.organisation_id) is not null
        and coalesce({{ relation }}.organisation_customer_id, persons.organisation_id)
        is distinct from {{ relation }}.person_customer_id
{%- endmacro %}
