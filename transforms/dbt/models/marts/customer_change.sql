-- Applied to the base, these rows give this publication: set the named fields of a row, or add or take the row away.
with customers as (
    select * from {{ ref('customer') }}
),

previous as (
    select * from {{ ref('int_previous_customer') }}
),

aliases as (
    select * from {{ ref('customer_alias') }}
),

-- ids that hold a part of another id since the base; after a rollback that may be more than one publication
split_off as (
    select distinct {{ elements('new_ids') }} as customer_id
    from aliases
    where status in ('live', 'split') and publication > coalesce({{ base_publication() }}, 0)
),

-- an id that was split away entirely is lost to the customer that has most of it; customer_alias names all of them
lost as (
    select
        previous.customer_id,
        case
            when aliases.status in ('merged', 'split') then 'merge'
            when aliases.status = 'erased' then 'erase'
            else 'delete'
        end as op,
        case
            when aliases.status in ('merged', 'split') then {{ first_of('aliases.new_ids') }}
        end as survivor_id
    from previous
    left join customers
        on previous.customer_id = customers.customer_id
    left join aliases
        on previous.customer_id = aliases.id
    where customers.customer_id is null
),

survivors as (
    select distinct survivor_id as customer_id from lost
    where survivor_id is not null
),

-- a survivor is told of even where the merge changed nothing in its row
told as (
    select customers.*
    from customers
    left join survivors
        on customers.customer_id = survivors.customer_id
    where customers.publication = {{ this_publication() }} or survivors.customer_id is not null
),

come_or_changed as (
    select
        told.customer_id,
        case
            when previous.customer_id is not null then 'update'
            when split_off.customer_id is not null then 'split'
            else 'insert'
        end as op,
        '{' || concat_ws(
            ',',
            {% for column in customer_columns()[1:] -%}
            case
                when told.{{ column }} is distinct from previous.{{ column }}
                    then '"{{ column }}":' || {{ json_instant('told.' ~ column) if column.endswith('_at') else json_value('told.' ~ column) }}
            end{{ ',' if not loop.last }}
            {% endfor -%}
        ) || '}' as fields
    from told
    left join previous
        on told.customer_id = previous.customer_id
    left join split_off
        on told.customer_id = split_off.customer_id
),

changes as (
    select
        customer_id,
        op,
        fields
    from come_or_changed

    union all

    select
        customer_id,
        op,
        case
            when survivor_id is not null then {{ json_of({'customer_id': 'survivor_id'}) }}
            else '{}'
        end as fields
    from lost
),

final as (
    select
        {{ this_publication() }} as publication,
        {{ base_publication() }} as base,
        customer_id,
        op,
        fields
    from changes
)

select * from final
