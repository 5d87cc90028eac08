with pins as (
    select * from {{ source('policy', 'pin') }}
),

aliases as (
    select * from {{ source('identity', 'alias') }}
),

records as (
    select
        source,
        object,
        record_id,
        record_no,
        {% for group in field_groups() if group.name != 'first' -%}
        {{ group.said }} as {{ group.name }}_said,
        {% endfor -%}
        customer_id
    from {{ ref('int_customer_record') }}
),

customer_types as (
    select
        customer_id,
        any_value(customer_type) as customer_type
    from {{ ref('int_customer_record') }}
    group by customer_id
),

rules as (
    select distinct field_group from {{ source('policy', 'survivorship') }}
    where rule = 'pinned'
),

named as (
    select
        pins.*,
        pins.customer_id as named_customer_id,
        pins.source || ':' || pins.object || ':' || pins.record_id as record,
        records.record_no,
        records.customer_id as record_customer_id,
        case
            when pins.customer_id is null then records.customer_id
            when aliases.status = 'live' then aliases.id
            when aliases.status in ('merged', 'split') then {{ first_of('aliases.new_ids') }}
        end as pinned_customer_id,
        aliases.status,
        case pins.field_group
            {% for group in field_groups() if group.name not in ('first', 'customer_since') -%}
            when '{{ group.name }}' then records.{{ group.name }}_said
            {% endfor -%}
        end as record_says,
        rules.field_group is null as is_not_ruled
    from pins
    left join aliases
        on pins.customer_id = aliases.id
    left join records
        on pins.source = records.source
        and pins.object = records.object
        and pins.record_id = records.record_id
    left join rules
        on pins.field_group = rules.field_group
),

judged as (
    select
        named.*,
        case
            when named.record is not null and named.record_no is null
                then 'no source has the record ' || named.record
            when named.named_customer_id is not null and named.status is null
                then 'no customer ever had the id ' || named.named_customer_id
            when named.named_customer_id is not null and named.pinned_customer_id is null
                then 'the customer ' || named.named_customer_id || ' is ' || named.status
            when named.record_customer_id <> named.pinned_customer_id
                then concat(
                    'the record ', named.record, ' is of customer ', named.record_customer_id,
                    ', not of ', named.named_customer_id
                )
            when named.field in ('given_name', 'family_name') and customer_types.customer_type = 'organisation'
                then named.pinned_customer_id || ' is an organisation and has no ' || named.field
            when named.value is null and named.record_says is null
                then 'the record ' || named.record || ' says nothing of ' || named.field_group
            when named.is_not_ruled
                then 'survivorship.yaml does not name pinned among the rules of ' || named.field_group
        end as problem
    from named
    left join customer_types
        on named.pinned_customer_id = customer_types.customer_id
),

-- the latest word, and of one day the last line
ordered as (
    select
        *,
        row_number() over (
            order by stated_on, line
        ) as word
    from judged
),

latest as (
    select
        *,
        max(case when problem is null and value is null then word end) over (
            partition by pinned_customer_id, field_group
        ) as last_record_word,
        max(case when problem is null and value is not null then word end) over (
            partition by pinned_customer_id, field
        ) as last_value_word
    from ordered
),

-- a record that is pinned later takes back what was said of single values of its group
final as (
    select
        line,
        pinned_customer_id as customer_id,
        record_no,
        field,
        field_group,
        value,
        who || ' on ' || stated_on || ': ' || why as said,
        stated_on,
        problem,
        coalesce(word = case when value is null then last_record_word else last_value_word end, false)
        and (value is null or word > coalesce(last_record_word, 0)) as in_force
    from latest
)

select * from final
