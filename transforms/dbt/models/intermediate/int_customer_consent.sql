with decisions as (
    select * from {{ ref('int_consent_decision') }}
),

final as (
    select
        {% for purpose in ['ai', 'email', 'phone'] -%}
        max(state) filter (where purpose = '{{ purpose }}') as consent_{{ purpose }},
        {% endfor -%}
        customer_id
    from decisions
    group by customer_id
)

select * from final
